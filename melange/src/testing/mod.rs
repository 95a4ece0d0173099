//! For people who test a transport (feature `test-util`).

pub mod conformance;
