//! The kinds of test that the summary tells apart.

/// In the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Unit,
    Doc,
    Ui,
    ConformanceMemory,
    ConformanceStub,
    ConformanceServer,
    Fixtures,
    Integration,
    /// A cargo command that failed before it ran any test, a server that ended.
    NoTest,
}

impl Kind {
    /// The kind of an integration test, by the name of its binary.
    pub(super) fn of_binary(name: &str) -> Self {
        match name {
            "ui" => Self::Ui,
            "conformance_memory" => Self::ConformanceMemory,
            "conformance_stub" => Self::ConformanceStub,
            "conformance_aws" => Self::ConformanceServer,
            "linking" => Self::Fixtures,
            _ => Self::Integration,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Doc => "doc",
            Self::Ui => "ui",
            Self::ConformanceMemory => "conformance memory",
            Self::ConformanceStub => "conformance stub",
            Self::ConformanceServer => "conformance server",
            Self::Fixtures => "fixtures",
            Self::Integration => "other integration",
            Self::NoTest => "build and server",
        }
    }
}
