//! `terraform`, `cloudformation`, `iam`: the topology as code.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use melange::EventBus;
use melange::cli::{Destination, Exit, Failure, Screen};

use crate::topology::{self, AwsTopology, Role};

/// What `terraform` is told.
#[derive(Debug, clap::Args)]
pub struct Terraform {
    /// With the IAM policies of all roles
    #[arg(long)]
    with_iam: bool,

    #[command(flatten)]
    to: Destination,
}

impl Terraform {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        self.to.deliver(&of(bus, self.with_iam)?.terraform(), screen)
    }
}

/// What `cloudformation` is told.
#[derive(Debug, clap::Args)]
pub struct Cloudformation {
    /// With the IAM policies of all roles
    #[arg(long)]
    with_iam: bool,

    #[command(flatten)]
    to: Destination,
}

impl Cloudformation {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        self.to.deliver(&of(bus, self.with_iam)?.cloudformation(), screen)
    }
}

/// What `iam` is told.
#[derive(Debug, clap::Args)]
pub struct Iam {
    /// Only that of this role
    #[arg(value_enum)]
    role: Option<Named>,

    #[command(flatten)]
    to: Destination,
}

/// A role by its name.
#[derive(Debug, Clone, Copy)]
struct Named(Role);

impl ValueEnum for Named {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Named; Role::ALL.len()] = {
            let mut all = [Named(Role::Publisher); Role::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = Named(Role::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

impl Iam {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let topology = of(bus, false)?;
        let written = match self.role {
            Some(Named(role)) => topology.iam(role).to_string(),
            None => topology.iam_json(),
        };
        self.to.deliver(&written, screen)
    }
}

fn of(bus: &EventBus, with_iam: bool) -> Result<AwsTopology, Failure> {
    let topology = topology::of(bus)?;
    Ok(if with_iam { topology.with_iam() } else { topology })
}
