//! The tool over AWS.
