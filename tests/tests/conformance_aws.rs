//! The promises, on SNS and SQS: raw delivery and wrapped.

use melange::testing::conformance::Harness;
use melange_aws::{Aws, AwsQueue, Provision};
use melange_tests::server;

/// Where the local server is not AWS. Sources: the SQS API reference, `DeleteMessage`, `ChangeMessageVisibility`; the SQS
/// developer guide, visibility timeout and dead-letter queue redrive.
const DIFFERS: &[(&str, &str)] = &[
    ("an_old_receipt_deletes_nothing", "any receipt deletes, however old"),
    ("a_receipt_whose_time_is_over_extends_nothing", "a receipt hides a message again that is visible already"),
    ("twelve_hours_count_from_the_receive", "twelve hours are counted anew with every change"),
    ("what_is_moved_back_is_a_new_message", "a moved message keeps its id"),
    ("what_is_moved_back_is_counted_anew", "a moved message is counted on"),
];

async fn aws() -> Aws {
    Aws::from_config(&server::config().await).prefix(server::unique())
}

mod raw {
    use super::*;

    struct Raw(Aws);

    impl Harness for Raw {
        type Transport = AwsQueue;

        const DIFFERS: &'static [(&'static str, &'static str)] = DIFFERS;

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

        const DIFFERS: &'static [(&'static str, &'static str)] = DIFFERS;

        async fn fresh() -> Self {
            Self(aws().await)
        }

        fn queue(&self, name: &str) -> AwsQueue {
            self.0.queue(name).provision(Provision::Create).wrapped()
        }
    }

    melange::conformance!(Wrapped, #[ignore = "needs the local AWS server: run `cargo xtask test`"]);
}
