//! The regions that an account must opt into: there, SNS does some things under a name of its own.

/// Source: the regions that AWS documents as opt-in.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Whether an account must opt into `region`.
pub(crate) fn is_opt_in(region: &str) -> bool {
    OPT_IN.contains(&region)
}
