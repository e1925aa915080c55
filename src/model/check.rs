//! Consistency rules of a model.

use super::Model;
use crate::error::Result;

pub(super) fn check(_model: &Model) -> Result<()> {
    Ok(())
}
