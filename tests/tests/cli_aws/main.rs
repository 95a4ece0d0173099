//! The tool over AWS: over the stub in this process, and what only a server of another kind can show over the local server.

mod check;
mod code;
mod letters;
mod offline;
mod publish;
mod service;
mod tail;
mod world;
