//! A file that is locked for as long as a `tail` lives: on the same machine it says at once that one was killed.

use std::fs::{self, File};
use std::path::PathBuf;

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Taken for the queue of this name; `None` where there can be no such file, and nothing is said then.
    pub(super) fn take(queue: &str) -> Option<Self> {
        let path = path(queue);
        fs::create_dir_all(path.parent()?).ok()?;
        let file = File::create(&path).ok()?;
        file.try_lock().ok()?;
        Some(Self { _file: file, path })
    }

    /// That of a `tail` on this machine which lives no more.
    pub(super) fn left_behind(queue: &str) -> Option<Self> {
        let path = path(queue);
        let file = File::options().write(true).open(&path).ok()?;
        file.try_lock().ok()?;
        Some(Self { _file: file, path })
    }

    /// The queue is no more.
    pub(super) fn discard(self) {
        // Left in the folder for temporary files it harms nobody.
        let _ = fs::remove_file(&self.path);
    }
}

/// Names of these queues are never given twice.
fn path(queue: &str) -> PathBuf {
    std::env::temp_dir().join("melange-tail").join(queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_left_behind_by_who_lives_no_more() {
        let queue = format!("melange-tail-test-{}", uuid::Uuid::now_v7().simple());
        assert!(Lock::left_behind(&queue).is_none(), "nobody had it");
        let held = Lock::take(&queue).unwrap();
        assert!(Lock::left_behind(&queue).is_none(), "somebody has it");
        drop(held);
        let left = Lock::left_behind(&queue).unwrap();
        left.discard();
        assert!(Lock::left_behind(&queue).is_none(), "it was discarded");
    }
}
