//! Where certificates may come from. The address in a letter is the sender's word: it is compared with the one that it must
//! be, byte by byte, before anyone looks it up.

/// What the name of a certificate's file begins and ends with, around 32 hexadecimal digits. Source: the certificates that
/// SNS has signed with; its developer guide shows no others.
const BEGINS: &str = "SimpleNotificationService-";
const ENDS: &str = ".pem";

/// Whether `url` is of a certificate at SNS in `region`, in the partition whose hosts end with `suffix`.
///
/// There is nothing to parse, and so nothing to be parsed in two ways: no user, port, query, fragment, escape or second
/// spelling is equal to what it must be.
pub(super) fn is_of_sns(url: &str, region: &str, suffix: &str) -> bool {
    let file = || {
        let rest = url.strip_prefix("https://sns.")?;
        rest.strip_prefix(region)?.strip_prefix('.')?.strip_prefix(suffix)?.strip_prefix('/')
    };
    file().is_some_and(is_certificate) && reads_back(url)
}

/// Whether `url` is of a certificate below `base`, which ends with a slash: for servers that are not AWS.
pub(super) fn is_below(url: &str, base: &str) -> bool {
    url.strip_prefix(base).is_some_and(is_certificate) && reads_back(url)
}

fn is_certificate(file: &str) -> bool {
    let digits = file.strip_prefix(BEGINS).and_then(|rest| rest.strip_suffix(ENDS)).unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether whoever connects reads the same address that was compared.
fn reads_back(url: &str) -> bool {
    // As texts: addresses that are compared as such may differ in case.
    let read = url.parse::<http::Uri>().map(|read| read.to_string());
    read.is_ok_and(|read| read == url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "7506a1e35b36ef5a444dd1a8e7cc3ed8";

    fn is(url: &str) -> bool {
        is_of_sns(url, "us-east-1", "amazonaws.com")
    }

    #[test]
    fn the_address_of_a_certificate_is_the_one_of_its_region() {
        let file = format!("SimpleNotificationService-{DIGITS}.pem");
        assert!(is(&format!("https://sns.us-east-1.amazonaws.com/{file}")));
        assert!(is_of_sns(
            &format!("https://sns.cn-north-1.amazonaws.com.cn/{file}"),
            "cn-north-1",
            "amazonaws.com.cn"
        ));
        for host in [
            "sns.us-west-2.amazonaws.com",
            "sns.us-east-1.amazonaws.com.cn",
            "sns.us-east-1.amazonaws.com.evil.example",
            "sns.us-east-1.amazonaws.com:443",
            "sns.us-east-1.amazonaws.com.",
            "sns.us-east-1.amazonaws.com@evil.example",
            "evil.example@sns.us-east-1.amazonaws.com",
            "evil.example:x@sns.us-east-1.amazonaws.com",
            "SNS.us-east-1.amazonaws.com",
            "snsevil.us-east-1.amazonaws.com",
            "sns-us-east-1.amazonaws.com",
            "sns.s3-us-east-1.amazonaws.com",
            "sns.us-east-1.s3.amazonaws.com",
            "x.sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.co",
            "sns.us-east-1.evilamazonaws.com",
            "sns.us-east-1xamazonaws.com",
            "sns.us-east-1.amazonaws.com%2eevil.example",
            "sns.us-east-1.amazonaws.com\\evil.example",
            "sns.us-east-1.amazonaws.com\t",
            "sns.us-east-1.amazonaws.com#",
            "sns.us-east-1.amazonaws.com?",
            "169.254.169.254",
            "[::1]",
            "",
        ] {
            assert!(!is(&format!("https://{host}/{file}")), "{host}");
        }
    }

    #[test]
    fn nothing_is_before_or_behind_it() {
        let at = "https://sns.us-east-1.amazonaws.com";
        for other in [
            format!("http://sns.us-east-1.amazonaws.com/SimpleNotificationService-{DIGITS}.pem"),
            format!("HTTPS://sns.us-east-1.amazonaws.com/SimpleNotificationService-{DIGITS}.pem"),
            format!(" {at}/SimpleNotificationService-{DIGITS}.pem"),
            format!("{at}/SimpleNotificationService-{DIGITS}.pem\n"),
            format!("{at}/SimpleNotificationService-{DIGITS}.pem?x"),
            format!("{at}/SimpleNotificationService-{DIGITS}.pem#x"),
            format!("{at}//SimpleNotificationService-{DIGITS}.pem"),
            format!("{at}/x/SimpleNotificationService-{DIGITS}.pem"),
            format!("{at}/x/../SimpleNotificationService-{DIGITS}.pem"),
            format!("{at}/SimpleNotificationService-{DIGITS}.pem/x.pem"),
            format!("{at}/SimpleNotificationService-{}.pem", DIGITS.to_uppercase()),
            format!("{at}/SimpleNotificationService-{}.pem", &DIGITS[1..]),
            format!("{at}/SimpleNotificationService-{DIGITS}0.pem"),
            format!("{at}/SimpleNotificationService-{}.pem", "é".repeat(16)),
            format!("{at}/SimpleNotificationService-{DIGITS}"),
            format!("{at}/SimpleNotificationService.pem"),
            format!("{at}/?Action=GetTopic"),
            at.to_owned(),
            String::new(),
        ] {
            assert!(!is(&other), "{other}");
        }
    }

    #[test]
    fn a_base_is_taken_as_it_is() {
        let base = "http://127.0.0.1:4566/_aws/sns/";
        assert!(is_below(&format!("{base}SimpleNotificationService-{DIGITS}.pem"), base));
        for other in ["http://127.0.0.1:4566/", "http://127.0.0.1:45660/_aws/sns/", "https://127.0.0.1:4566/_aws/sns/"]
        {
            assert!(!is_below(&format!("{other}SimpleNotificationService-{DIGITS}.pem"), base), "{other}");
        }
    }
}
