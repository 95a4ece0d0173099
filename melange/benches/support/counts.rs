//! Work that `cargo xtask bench --counts` has counted in instructions: those stay the same however busy the machine is.

use super::Result;

/// One side of a comparison, done so many times. Sides of one comparison are called `what/side`, the baseline first.
pub(crate) type Counted = (&'static str, fn(u64) -> Result);

/// Does what the arguments ask of these: `--counted` lists their names, `--count NAME TIMES` does one. False if they ask for
/// neither, so that the bench is to measure times.
///
/// # Errors
/// If there is no such name, or the work fails.
pub(crate) fn answered(sides: &[Counted]) -> Result<bool> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--counted"] => sides.iter().for_each(|(name, _)| println!("counted {name}")),
        ["--count", name, times] => {
            let side = sides.iter().find(|(known, _)| known == name);
            side.ok_or_else(|| format!("nothing is called `{name}` here: `--counted` lists the names"))?.1(
                times.parse()?,
            )?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
