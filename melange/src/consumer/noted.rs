//! The metadata of a received event.

use std::sync::{Arc, OnceLock};

use crate::Timestamp;
use crate::attributes::Attributes;
use crate::context::Shareable;
use crate::event::EventDescriptor;
use crate::metadata::Metadata;
use crate::serializer::Origin;
use crate::transport::{Delivery, Inbound};
use crate::wire::Header;

/// The metadata of a received event.
pub(crate) enum Noted<'d> {
    Made(Arc<Metadata>),
    /// Made when somebody asks: few subscribers do.
    Late(Came<'d>, OnceLock<Arc<Metadata>>),
}

/// What they are made of.
pub(crate) struct Came<'d> {
    pub(super) delivery: &'d Delivery,
    pub(super) inbound: &'d Inbound,
    /// What its body says.
    pub(super) header: Header<'d>,
    pub(super) read_as: &'static EventDescriptor,
    /// When it happened, if its body does not say it.
    pub(super) occurred_on: Timestamp,
}

/// What is known of a message whatever its body says.
pub(super) fn origin<'d>(delivery: &'d Delivery, inbound: &'d Inbound) -> Origin<'d> {
    Origin {
        topic: inbound.topic.as_deref(),
        id: inbound.wrapper_id.as_deref().or(Some(&delivery.message_id)),
        sent_at: delivery.sent_at,
        attempt: delivery.attempt,
    }
}

impl<'d> Noted<'d> {
    pub(super) fn late(came: Came<'d>) -> Self {
        Self::Late(came, OnceLock::new())
    }

    /// The message attributes.
    pub(super) fn attributes(&self) -> &Attributes {
        match self {
            Self::Made(metadata) => &metadata.attributes,
            Self::Late(came, _) => &came.inbound.attributes,
        }
    }
}

impl Shareable for Noted<'_> {
    fn metadata(&self) -> &Arc<Metadata> {
        match self {
            Self::Made(metadata) => metadata,
            Self::Late(came, made) => made.get_or_init(|| Arc::new(came.metadata())),
        }
    }
}

impl Came<'_> {
    fn metadata(&self) -> Metadata {
        let Self { delivery, inbound, header, read_as, occurred_on } = self;
        origin(delivery, inbound).metadata(header, read_as, *occurred_on, &inbound.attributes)
    }
}
