//! The bus as a Lambda function: a process of its own, invoked by the runtime API.

mod deadlines;
mod function;
mod on_aws;
mod sns;
mod sqs;
