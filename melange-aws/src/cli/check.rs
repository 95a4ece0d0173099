//! `check`, with the limits of AWS.

use melange::cli::{Check, Exit, Failure, Screen};
use melange::{Checks, EventBus};

use super::account::aws;
use crate::names::Names;
use crate::rule::limits;

/// As `melange_aws::assert_topology!` checks it, with all that the bus knows of its names. One that is not over AWS, as in a test,
/// has to fit there all the same.
pub(super) fn perform(check: Check, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
    let Names { prefix, elsewhere, .. } = aws(bus).map(|aws| aws.names().clone()).unwrap_or_default();
    let with_limits = |checks: Checks| checks.prefix(prefix).rule(move |checks| limits(checks, &elsewhere));
    check.perform(bus, screen, with_limits)
}
