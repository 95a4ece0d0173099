//! An answer, before it is sent.

use bytes::Bytes;

/// An answer, before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// What SQS says in `x-amzn-query-error`.
    pub(crate) query_error: Option<String>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, query_error: None, body: body.into() }
    }

    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "application/x-amz-json-1.0", body)
    }

    pub(crate) fn xml(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/xml", body)
    }
}

/// An answer, and what it cost.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    /// How many messages it was about, where only the answer says so.
    pub(crate) entries: Option<usize>,
    /// Bytes of the messages that went in or out.
    pub(crate) bytes: usize,
}

impl Done {
    /// An answer that no message went with.
    pub(crate) fn plain(answer: Answer) -> Self {
        Self { answer, entries: None, bytes: 0 }
    }
}
