//! What generated code may touch. Not part of the API: it changes without notice.

pub use core::{assert, compile_error, concat, file, line, module_path, stringify};
pub use std::boxed::Box;
pub use std::clone::Clone;
pub use std::default::Default;
pub use std::marker::{Send, Sync};
pub use std::option::Option;
pub use std::result::Result;
pub use std::sync::Arc;
pub use std::time::Duration;

#[cfg(feature = "test-util")]
pub use melange_derive::__type_or_pattern;
pub use melange_derive::{__functions, __listens_to_ignored, __listens_to_unseen};
pub use serde::Serialize;
pub use serde::de::DeserializeOwned;

pub use crate::__documented;
pub use crate::__parts;
#[cfg(not(target_family = "wasm"))]
pub use crate::__register;
pub use crate::attributes::IntoAttribute;
pub use crate::blocks::{
    NoSuchPart, PartOf, SubscriberBlock, give_one_of_them_another_part_than, has_first_block, share_no_event,
    write_subscriber_part_2_on_the_second_block,
};
pub use crate::codec::{Codec, Layout, WireEvent};
pub use crate::context::RawContext;
#[cfg(feature = "schema")]
pub use crate::documents::{
    Documentation, Documented, FieldDocumentation, Holds, SchemaOf, Shape, Tagged, VariantDocumentation, WithoutSchema,
};
pub use crate::event::{
    Event, EventDescriptor, EventKey, MomentField, Route, TopicField, Upcast, UpcastFrom, descriptor,
};
pub use crate::example::{Example, WithExamples};
pub use crate::extract::{FromContext, Needs};
pub use crate::field::{Field, Tagging, Variant};
pub use crate::foreign::is_of_std;
pub use crate::location::Location;
pub use crate::outcome::{IntoOutcome, Outcome};
#[cfg(not(target_family = "wasm"))]
pub use crate::registry::linked::{Entry, inventory};
pub use crate::retry::RetryPolicy;
pub use crate::shape::{Probe, Untraced};
pub use crate::slot::EventSlot;
pub use crate::subscriber::{
    BoxFuture, Call, Instance, InstanceType, SubscriberDescriptor, SubscriberFunction, SubscriberOptions, Subscribers,
    mismatch,
};
pub use crate::thread_safe::{Sharing, Unshared};

/// What is documented of an event where nobody makes documents.
#[cfg(not(feature = "schema"))]
pub type Documented = ();

/// What an event says of itself, for the documents. Generated code only.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __documented {
    ($documentation:block) => {{
        const DOCUMENTATION: $crate::__private::Documentation = $documentation;
        $crate::__private::Option::Some(&DOCUMENTATION)
    }};
}

/// Nobody makes documents in this program, so that nothing of it is compiled.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __documented {
    ($documentation:block) => {
        ()
    };
}

/// What `subscribers![..]` finds under this name where a function has no `#[subscriber]`.
#[allow(non_camel_case_types, reason = "the compiler may name it, as what the user wrote there")]
#[derive(Debug)]
pub enum this_function {}
