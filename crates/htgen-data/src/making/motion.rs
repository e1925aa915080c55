//! A labelled set of drawn clips; the same seed gives the same bytes everywhere.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::set::go_on;
use super::{Made, SetOrigin};
use crate::data::{Labels, write_set};
use crate::error::Result;
use crate::files::Output;
use crate::tool::Hold;
use crate::video::motion::{Motion, MotionKind, MotionSpec};
use rayon::prelude::*;

/// Number of clips in memory at once.
const BATCH: usize = 32;

/// Makes a data set of drawn clips: x of bytes, (clips, steps, channels, rows, columns), whose
/// groups are scenes.
///
/// # Errors
/// Sizes and counts that [`Motion::new`] refuses; a file that cannot be written.
pub fn motion(spec: MotionSpec, to: &Output, stage: &mut dyn FnMut(&str)) -> Result<Made> {
    let hold = Hold::new();
    let MotionSpec { size, steps, count, seed, .. } = spec;
    let motion = Motion::new(spec)?;
    let shape = vec![count, steps, size.channels, size.height, size.width];
    let labels = Labels {
        y: (0..count).map(|clip| motion.class(clip)).collect(),
        group: (0..count).map(|clip| motion.group(clip)).collect(),
        length: vec![steps; count],
        classes: MotionKind::ALL.map(|kind| kind.name().to_owned()).into(),
        groups: (0..motion.groups()).map(|group| format!("scene{group}")).collect(),
        ..Labels::default()
    };
    stage("drawing clips");
    let bytes = write_set(to, &shape, &labels, |rows| {
        let clips: Vec<usize> = (0..count).collect();
        for batch in clips.chunks(BATCH) {
            go_on(&hold)?;
            let drawn: Vec<Vec<u8>> = batch.par_iter().map(|&clip| motion.clip(clip)).collect();
            drawn.iter().try_for_each(|clip| rows.push(clip))?;
        }
        Ok(())
    })?;
    Ok(Made { bytes, shape, labels, origin: SetOrigin::Motion { seed } })
}
