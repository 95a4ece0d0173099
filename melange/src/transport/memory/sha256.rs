//! The SHA-256 of a body, by which FIFO topics and queues know messages that come without a deduplication id.
//!
//! Source: FIPS 180-4. Nothing here keeps a secret, and a dependency would be more than these lines.

use std::fmt::Write as _;

/// The first 32 bits of the fractions of the cube roots of the first 64 primes.
const ROUNDS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];
/// The same of the square roots of the first eight.
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
const BLOCK: usize = 64;

/// The SHA-256 of `text`, in 64 hexadecimal digits.
pub(super) fn sha256(text: &str) -> String {
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    let mut state = blocks.iter().fold(BEGINNING, mixed);
    // The end: one bit, as many zeros as are lacking, and the length in bits.
    let mut end = Vec::with_capacity(2 * BLOCK);
    end.extend_from_slice(rest);
    end.push(0x80);
    let full = if end.len() + 8 > BLOCK { 2 * BLOCK } else { BLOCK };
    end.resize(full - 8, 0);
    end.extend_from_slice(&(text.len() as u64).wrapping_mul(8).to_be_bytes());
    state = end.as_chunks::<BLOCK>().0.iter().fold(state, mixed);
    state.iter().fold(String::with_capacity(64), |mut text, word| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{word:08x}");
        text
    })
}

/// `state` after one more block.
fn mixed(state: [u32; 8], block: &[u8; BLOCK]) -> [u32; 8] {
    // The last sixteen words, the oldest first.
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    for round in ROUNDS {
        let word = words[0];
        let big = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let one = h.wrapping_add(big).wrapping_add(e & f ^ !e & g).wrapping_add(round).wrapping_add(word);
        let big = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let two = big.wrapping_add(a & b ^ a & c ^ b & c);
        [a, b, c, d, e, f, g, h] = [one.wrapping_add(two), a, b, c, d.wrapping_add(one), e, f, g];
        let early = words[1].rotate_right(7) ^ words[1].rotate_right(18) ^ words[1] >> 3;
        let late = words[14].rotate_right(17) ^ words[14].rotate_right(19) ^ words[14] >> 10;
        words.rotate_left(1);
        words[15] = word.wrapping_add(early).wrapping_add(words[8]).wrapping_add(late);
    }
    let mut after = state;
    for (word, more) in after.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn it_is_what_others_reckon() {
        let two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        for (text, hash) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (two, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
            (&"a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ] {
            assert_eq!(sha256(text), hash, "{} bytes", text.len());
        }
    }
}
