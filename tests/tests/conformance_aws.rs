//! The promises, on SNS and SQS: raw delivery and wrapped.

use melange::testing::conformance::Harness;
use melange_aws::{Aws, AwsQueue, Provision};
use melange_tests::server;

async fn aws() -> Aws {
    Aws::from_config(&server::config().await).prefix(server::unique())
}

mod raw {
    use super::*;

    struct Raw(Aws);

    impl Harness for Raw {
        type Transport = AwsQueue;

        async fn fresh() -> Self {
            Self(aws().await)
        }

        fn queue(&self, name: &str) -> AwsQueue {
            self.0.queue(name).provision(Provision::Create)
        }
    }

    melange::conformance!(Raw, #[ignore = "needs the local AWS server: run `cargo xtask test`"]);
}

mod wrapped {
    use super::*;

    struct Wrapped(Aws);

    impl Harness for Wrapped {
        type Transport = AwsQueue;

        async fn fresh() -> Self {
            Self(aws().await)
        }

        fn queue(&self, name: &str) -> AwsQueue {
            self.0.queue(name).provision(Provision::Create).wrapped()
        }
    }

    melange::conformance!(Wrapped, #[ignore = "needs the local AWS server: run `cargo xtask test`"]);
}
