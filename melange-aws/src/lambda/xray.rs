//! The trace header of AWS X-Ray, as W3C writes a trace context.

/// The `traceparent` that says what `header` says: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
pub(super) fn traceparent(header: &str) -> Option<String> {
    let field = |name: &str| {
        header
            .split(';')
            .find_map(|field| field.trim().strip_prefix(name)?.trim_start().strip_prefix('=').map(str::trim))
    };
    let (epoch, rest) = field("Root")?.strip_prefix("1-")?.split_once('-')?;
    let parent = field("Parent")?;
    let is_hex = |text: &str, len: usize| {
        text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    if !(is_hex(epoch, 8) && is_hex(rest, 24) && is_hex(parent, 16)) {
        return None;
    }
    let sampled = if field("Sampled") == Some("1") { "01" } else { "00" };
    Some(format!("00-{epoch}{rest}-{parent}-{sampled}"))
}

#[cfg(test)]
mod tests {
    use super::traceparent;

    #[test]
    fn what_x_ray_writes_is_a_trace_context() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let parent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(traceparent(header).as_deref(), Some(parent));
        let other = "Sampled=0; Parent=53995c3f42cd8ad8; Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:b";
        assert_eq!(traceparent(other), Some(parent.replace("-01", "-00")));
    }

    #[test]
    fn what_is_incomplete_or_of_another_form_is_none() {
        for header in [
            "",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f",
            "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-BD862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Self=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root;Parent",
        ] {
            assert_eq!(traceparent(header), None, "{header}");
        }
    }
}
