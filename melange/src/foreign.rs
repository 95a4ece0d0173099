//! Types that no other crate may have an impl block for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

/// What everybody knows by a name of one word. `#[subscriber]` sees the name alone, and so asks whether it is what it says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is called like a type of the standard library",
    label = "taken for another",
    note = "give it another name, or write it with its path, as in `impl self::Vec`"
)]
pub trait OfStd {}

macro_rules! of_std {
    ($($type:ty),*) => { $(impl OfStd for $type {})* };
}
of_std!(str, bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, String);
impl<T> OfStd for Vec<T> {}
impl<T> OfStd for Option<T> {}
impl<T, E> OfStd for Result<T, E> {}
impl<T: ?Sized> OfStd for Box<T> {}
impl<T: ?Sized> OfStd for Rc<T> {}
impl<T: ?Sized> OfStd for Arc<T> {}
impl<T: ?Sized> OfStd for Mutex<T> {}
impl<T: ?Sized> OfStd for RwLock<T> {}
impl<K, V, S> OfStd for HashMap<K, V, S> {}
impl<K, V> OfStd for BTreeMap<K, V> {}
impl<T, S> OfStd for HashSet<T, S> {}
impl<T> OfStd for BTreeSet<T> {}

/// That it is.
pub const fn is_of_std<T: OfStd + ?Sized>() {}
