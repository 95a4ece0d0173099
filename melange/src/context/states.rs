//! The values given with `.state(..)`, one of each type.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::type_map::TypeMap;

/// The values given with `.state(..)`, one of each type.
#[derive(Clone, Default)]
pub(crate) struct States(TypeMap<Arc<dyn Any + Send + Sync>>);

impl States {
    /// Adds a value; false if there was one of this type already.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        self.0.insert(TypeId::of::<T>(), Arc::new(value)).is_none()
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn contains(&self, type_id: TypeId) -> bool {
        self.0.contains_key(&type_id)
    }
}
