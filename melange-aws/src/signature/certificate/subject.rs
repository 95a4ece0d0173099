//! To whom SNS's certificates are made out: it differs by region.

use crate::regions::is_opt_in;

/// Regions whose certificates are made out to `sns.amazonaws.com`.
const TO_ALL: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The names that a certificate of SNS in `region` may be made out to, one of which it must be. Source: what the message
/// manager of the AWS SDK for Java 2 expects, by region. A region that is newer than this list may do either way.
pub(super) fn names(region: &str, suffix: &str) -> Vec<String> {
    let to_all = || format!("sns.{suffix}");
    let to_region = || format!("sns-signing.{region}.{suffix}");
    match region {
        _ if TO_ALL.contains(&region) => vec![to_all()],
        // In those, certificates are made out to the region alone.
        _ if is_opt_in(region) => vec![to_region()],
        "cn-north-1" | "cn-northwest-1" | "us-iso-east-1" | "us-isob-east-1" => vec![format!("sns-{region}.{suffix}")],
        "us-gov-west-1" | "us-gov-east-1" => vec![format!("sns-us-gov-west-1.{suffix}")],
        "eusc-de-east-1" | "us-isof-east-1" | "us-isof-south-1" | "eu-isoe-west-1" => vec![to_region()],
        _ => vec![to_all(), to_region()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_region() {
        for (region, suffix, name) in [
            ("us-east-1", "amazonaws.com", "sns.amazonaws.com"),
            ("eu-central-1", "amazonaws.com", "sns.amazonaws.com"),
            ("eu-central-2", "amazonaws.com", "sns-signing.eu-central-2.amazonaws.com"),
            ("ap-east-2", "amazonaws.com", "sns-signing.ap-east-2.amazonaws.com"),
            ("cn-northwest-1", "amazonaws.com.cn", "sns-cn-northwest-1.amazonaws.com.cn"),
            ("us-gov-east-1", "amazonaws.com", "sns-us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", "amazonaws.com", "sns-us-gov-west-1.amazonaws.com"),
            ("us-iso-east-1", "c2s.ic.gov", "sns-us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov", "sns-us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-south-1", "csp.hci.ic.gov", "sns-signing.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk", "sns-signing.eu-isoe-west-1.cloud.adc-e.uk"),
            ("eusc-de-east-1", "amazonaws.eu", "sns-signing.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(names(region, suffix), [name], "{region}");
        }
        assert_eq!(names("xx-new-1", "amazonaws.com"), ["sns.amazonaws.com", "sns-signing.xx-new-1.amazonaws.com"]);
    }
}
