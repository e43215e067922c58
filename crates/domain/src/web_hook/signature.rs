//! What is signed, and how a signature is written. The HMAC-SHA256 between the two is not computed here.

use super::base64;

/// What is signed: the id of the event, the moment of the attempt as a Unix time, and the body, byte by byte.
#[must_use]
pub fn signed_content(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut content = format!("{id}.{timestamp}.").into_bytes();
    content.extend_from_slice(body);
    content
}

/// The value of `webhook-signature`: one signature for each secret.
#[must_use]
pub fn signature<M: AsRef<[u8]>>(macs: impl IntoIterator<Item = M>) -> String {
    let written: Vec<String> = macs
        .into_iter()
        .map(|mac| format!("v1,{}", base64::encode(mac.as_ref())))
        .collect();
    written.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_joined_by_full_stops() {
        let content = signed_content("sms-1", 1_614_265_330, b"{\"a\": 1}");
        assert_eq!(content, b"sms-1.1614265330.{\"a\": 1}");
    }

    #[test]
    fn several_signatures_stand_beside_each_other() {
        assert_eq!(signature([[0; 3], [255; 3]]), "v1,AAAA v1,////");
    }
}
