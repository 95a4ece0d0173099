//! STS: who is asking.

use crate::account::ID;
use crate::answer::{Answer, Done};
use crate::request::Service;
use crate::sns::xml;

pub(crate) fn caller_identity(request_id: &str) -> Done {
    let text = xml::response(Service::Sts, "GetCallerIdentity", request_id, |result| {
        xml::element(result, "Arn", &format!("arn:aws:iam::{ID}:user/test"));
        xml::element(result, "UserId", "AIDAEXAMPLE");
        xml::element(result, "Account", ID);
    });
    Done::plain(Answer::xml(200, text))
}
