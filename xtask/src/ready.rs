//! Asking the local AWS server whether it is ready, by a call that a client would make.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The first call of all makes the server build its service catalog.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Whether `ListQueues` succeeds at this address.
pub(crate) fn answers(address: SocketAddr) -> bool {
    list_queues(address).is_ok_and(|answer| is_success(&answer))
}

fn list_queues(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(request(address).as_bytes())?;
    let mut start = [0; 64];
    let count = stream.read(&mut start)?;
    Ok(start[..count].to_vec())
}

/// The server reads region and service out of the credential and checks no signature.
fn request(address: SocketAddr) -> String {
    format!(
        "POST / HTTP/1.1\r\n\
         host: {address}\r\n\
         connection: close\r\n\
         content-type: application/x-amz-json-1.0\r\n\
         content-length: 2\r\n\
         x-amz-target: AmazonSQS.ListQueues\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/aws4_request, \
         SignedHeaders=host, Signature=0\r\n\
         \r\n\
         {{}}"
    )
}

fn is_success(answer: &[u8]) -> bool {
    let mut words = answer.split(|byte| *byte == b' ');
    words.next().is_some_and(|version| version.starts_with(b"HTTP/1.")) && words.next() == Some(b"200")
}

#[cfg(test)]
mod tests {
    use super::is_success;

    #[test]
    fn only_status_200_is_ready() {
        assert!(is_success(b"HTTP/1.1 200 OK\r\n"));
        assert!(!is_success(b"HTTP/1.1 500 Internal Server Error\r\n"));
        assert!(!is_success(b""));
    }
}
