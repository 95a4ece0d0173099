//! melange-aws
