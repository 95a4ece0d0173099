//! The promises, on a server that is stricter than the local one: queues take nothing that their policy does not let in, an
//! old receipt settles nothing, and what is too much for a queue is lost. No server needs to be started.

use melange::testing::conformance::Harness;
use melange_aws::{Aws, AwsQueue, Provision};
use melange_aws_stub::Stub;

mod raw {
    use super::*;

    struct Raw(Stub);

    impl Harness for Raw {
        type Transport = AwsQueue;

        async fn fresh() -> Self {
            Self(Stub::start().await)
        }

        fn queue(&self, name: &str) -> AwsQueue {
            Aws::from_config(&self.0.sdk_config()).queue(name).provision(Provision::Create)
        }
    }

    melange::conformance!(Raw);
}

mod wrapped {
    use super::*;

    struct Wrapped(Stub);

    impl Harness for Wrapped {
        type Transport = AwsQueue;

        async fn fresh() -> Self {
            Self(Stub::start().await)
        }

        fn queue(&self, name: &str) -> AwsQueue {
            Aws::from_config(&self.0.sdk_config()).queue(name).provision(Provision::Create).wrapped()
        }
    }

    melange::conformance!(Wrapped);
}
