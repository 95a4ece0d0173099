//! Impl blocks under `#[subscriber]`: a type may have several, each with a number of its own.
//!
//! No trait can be implemented twice for one type, so that the compiler alone cannot put the blocks together. The first
//! block looks for each of the others by its number, while the program compiles. So a value brings the
//! handlers of all of them, and no linker is needed for that.

use std::marker::PhantomData;

use crate::subscriber::{SubscriberDescriptor, Subscribers};

/// The first block, without `part`. What it is called stands in the compiler's error where a type has two of them.
#[derive(Debug)]
#[allow(non_camel_case_types, reason = "it is read as the end of the compiler's sentence")]
pub enum write_subscriber_part_2_on_the_second_block {}

/// The block with `part = N`. Its name stands there too.
#[derive(Debug)]
#[allow(non_camel_case_types, reason = "it is read as the end of the compiler's sentence")]
pub enum give_one_of_them_another_part_than<const N: u32> {}

/// What `#[subscriber]` implements for the type of an impl block.
pub trait SubscriberBlock<Which> {
    /// One descriptor for each event that the block listens to.
    const SUBSCRIBERS: &'static [SubscriberDescriptor];
    /// Those of the type's other blocks. Of the first only.
    const PARTS: &'static [&'static [SubscriberDescriptor]] = &[];
}

#[diagnostic::do_not_recommend]
impl<T: SubscriberBlock<write_subscriber_part_2_on_the_second_block> + ?Sized> Subscribers for T {
    const SUBSCRIBERS: &'static [SubscriberDescriptor] = T::SUBSCRIBERS;
    const PARTS: &'static [&'static [SubscriberDescriptor]] = T::PARTS;
}

/// Asks of a type whether it has a block with this number, without an error where it has none.
#[derive(Debug)]
pub struct PartOf<T: ?Sized, const N: u32>(PhantomData<T>);

/// The answer where there is none.
pub trait NoSuchPart {
    /// Nothing.
    const SUBSCRIBERS: &'static [SubscriberDescriptor] = &[];
}

impl<T: ?Sized, const N: u32> NoSuchPart for PartOf<T, N> {}

impl<T: SubscriberBlock<give_one_of_them_another_part_than<N>> + ?Sized, const N: u32> PartOf<T, N> {
    /// Those of the block.
    pub const SUBSCRIBERS: &'static [SubscriberDescriptor] = T::SUBSCRIBERS;
}

/// The descriptors of all further blocks of this type. Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __parts {
    ($type:ty) => { $crate::__parts!($type; 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16) };
    ($type:ty; $($number:literal)*) => {{
        use $crate::__private::NoSuchPart as _;
        &[$(<$crate::__private::PartOf<$type, $number>>::SUBSCRIBERS),*]
    }};
}

/// A type that has a first block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no first block under `#[subscriber]`",
    label = "this is a further part of it",
    note = "one block of a type is the first: drop `part = ..` on it"
)]
pub trait FirstBlock {}

#[diagnostic::do_not_recommend]
impl<T: SubscriberBlock<write_subscriber_part_2_on_the_second_block> + ?Sized> FirstBlock for T {}

/// That there is a first block, of which `T` has a further part.
pub const fn has_first_block<T: FirstBlock + ?Sized>() {}

/// Whether no two blocks of the type listen to one event.
#[must_use]
pub const fn share_no_event<T: Subscribers + ?Sized>() -> bool {
    let mut part = 0;
    while part < T::PARTS.len() {
        if meet(T::SUBSCRIBERS, T::PARTS[part]) {
            return false;
        }
        let mut other = 0;
        while other < part {
            if meet(T::PARTS[other], T::PARTS[part]) {
                return false;
            }
            other += 1;
        }
        part += 1;
    }
    true
}

const fn meet(some: &[SubscriberDescriptor], others: &[SubscriberDescriptor]) -> bool {
    let mut one = 0;
    while one < some.len() {
        let mut other = 0;
        while other < others.len() {
            if some[one].is_of_the_event_of(&others[other]) {
                return true;
            }
            other += 1;
        }
        one += 1;
    }
    false
}
