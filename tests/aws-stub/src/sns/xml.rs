//! What SNS and STS answer: XML.

use aws_smithy_xml::encode::{ScopeWriter, XmlWriter};

use crate::request::Service;

fn namespace(service: Service) -> &'static str {
    match service {
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        Service::Sns | Service::Sqs => "http://sns.amazonaws.com/doc/2010-03-31/",
    }
}

/// `<ActionResponse>` with what `fill` puts into its `<ActionResult>`.
pub(crate) fn response(
    service: Service,
    action: &str,
    request_id: &str,
    fill: impl FnOnce(&mut ScopeWriter<'_, '_>),
) -> String {
    let mut text = String::with_capacity(256);
    let (root, result) = (format!("{action}Response"), format!("{action}Result"));
    let mut document = XmlWriter::new(&mut text);
    let mut root = document.start_el(&root).write_ns(namespace(service), None).finish();
    fill(&mut root.start_el(&result).finish());
    element(&mut root.start_el("ResponseMetadata").finish(), "RequestId", request_id);
    drop(root);
    text
}

/// `<ErrorResponse>`.
pub(crate) fn error(service: Service, fault: &str, code: &str, message: &str, request_id: &str) -> String {
    let mut text = String::with_capacity(256);
    let mut document = XmlWriter::new(&mut text);
    let mut root = document.start_el("ErrorResponse").write_ns(namespace(service), None).finish();
    {
        let mut error = root.start_el("Error").finish();
        element(&mut error, "Type", fault);
        element(&mut error, "Code", code);
        element(&mut error, "Message", message);
    }
    element(&mut root, "RequestId", request_id);
    drop(root);
    text
}

/// `<name>text</name>`.
pub(crate) fn element(into: &mut ScopeWriter<'_, '_>, name: &str, text: &str) {
    into.start_el(name).finish().data(text);
}

/// `<name><entry><key>..</key><value>..</value></entry></name>`.
pub(super) fn map<'a>(into: &mut ScopeWriter<'_, '_>, name: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let mut all = into.start_el(name).finish();
    for (key, value) in pairs {
        let mut entry = all.start_el("entry").finish();
        element(&mut entry, "key", key);
        element(&mut entry, "value", value);
    }
}

/// `<name><member>..</member></name>`, each with what `fill` puts into it.
pub(super) fn list<T>(
    into: &mut ScopeWriter<'_, '_>,
    name: &str,
    items: impl IntoIterator<Item = T>,
    fill: impl Fn(&mut ScopeWriter<'_, '_>, T),
) {
    let mut all = into.start_el(name).finish();
    for item in items {
        fill(&mut all.start_el("member").finish(), item);
    }
}
