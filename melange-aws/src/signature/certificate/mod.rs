//! The certificates that SNS signs with: what is read of one, and where it comes from.

mod cache;
mod fetch;
mod source;
mod subject;
mod url;

use std::time::SystemTime;

use x509_cert::Certificate as X509;
use x509_cert::der::DecodePem as _;
use x509_cert::der::oid::db::rfc5912::RSA_ENCRYPTION;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

pub use fetch::FetchCertificate;
pub use source::Certificates;

use super::topics::Topic;

/// Why there is no certificate to verify with.
#[derive(Debug, Clone)]
pub(super) enum Problem {
    /// The letter says that it is where none of SNS is.
    Elsewhere,
    /// It could not be had just now.
    Unavailable(String),
    /// What was had is none to verify with, or not now.
    Unfit(String),
}

/// What is read of a certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    /// The RSA key, as PKCS#1 has it.
    key: Vec<u8>,
    not_before: SystemTime,
    not_after: SystemTime,
    /// To whom it is made out: its alternative names, or without those its common name.
    names: Vec<String>,
}

impl Certificate {
    /// # Errors
    /// In which way it is none.
    fn read(pem: &[u8]) -> Result<Self, String> {
        let x509 = X509::from_pem(first(pem)).map_err(|_| "it is no X.509 certificate in PEM".to_owned())?;
        let inner = x509.tbs_certificate();
        let key = inner.subject_public_key_info();
        if key.algorithm.oid != RSA_ENCRYPTION {
            return Err("its key is not of RSA".to_owned());
        }
        let key = key.subject_public_key.as_bytes().ok_or("its key is cut off")?.to_vec();
        let alternative =
            inner.get_extension::<SubjectAltName>().map_err(|_| "its alternative names cannot be read")?;
        let names = match alternative {
            Some((_, names)) => names.0.iter().filter_map(host).collect(),
            None => {
                let common = inner.subject().common_name().map_err(|_| "its subject cannot be read")?;
                common.map(|name| name.value().into_owned()).into_iter().collect()
            }
        };
        let validity = inner.validity();
        let (not_before, not_after) = (validity.not_before.to_system_time(), validity.not_after.to_system_time());
        Ok(Self { key, not_before, not_after, names })
    }

    /// # Errors
    /// In which way it is not.
    fn valid_at(&self, now: SystemTime) -> Result<(), &'static str> {
        if now < self.not_before {
            Err("it is not valid yet; if that is wrong, so is the clock of this machine")
        } else if now > self.not_after {
            Err("it has expired; if that is wrong, so is the clock of this machine")
        } else {
            Ok(())
        }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// The certificate itself, where others that vouch for it follow.
fn first(pem: &[u8]) -> &[u8] {
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let end = pem.windows(END.len()).position(|window| window == END);
    end.and_then(|at| pem.get(..at + END.len())).unwrap_or(pem)
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        _ => None,
    }
}
