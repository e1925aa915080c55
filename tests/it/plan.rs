//! The planner against the published counts.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::models;
use htgen::network;
use htgen::plan::{self, Plan, PlanConfig};

fn plan(name: &str, config: &PlanConfig) -> Plan {
    let model = models::model(&models::golden(name));
    let parts = network::parts(&model).expect("one matrix");
    plan::contract(parts[0][0].network.clone(), config).expect("the golden networks plan")
}

#[track_caller]
fn check(name: &str, macs: u64, leaf_by_leaf: u64) {
    let plan = plan(name, &PlanConfig::UNLIMITED);
    println!("{name}\n{plan}");
    assert_eq!(plan.macs_per_step(), macs);
    assert_eq!(plan.macs_leaf_by_leaf(), leaf_by_leaf);
}

#[test]
fn ht_ucf11() {
    check("ht-ucf11", 1_773_568, 30_229_760);
}
#[test]
fn ht_youtube() {
    check("ht-youtube", 923_136, 12_783_360);
}
#[test]
fn fdht_largest() {
    check("fdht-largest", 2_441_216, 5_149_184);
}
#[test]
fn fdht_smallest() {
    check("fdht-smallest", 1_179_648, 3_244_032);
}
#[test]
fn digits_without_the_zero_columns() {
    check("digits", 130_560, 1_093_632);
    let whole = PlanConfig { drop_zero_columns: false, ..PlanConfig::UNLIMITED };
    assert_eq!(plan("digits", &whole).macs_per_step(), 245_760);
}
#[test]
fn fdht_ucf11() {
    let whole = PlanConfig { drop_zero_columns: false, ..PlanConfig::UNLIMITED };
    assert_eq!(plan("fdht-ucf11", &whole).macs_per_step(), 6_008_832);
    assert_eq!(plan("fdht-ucf11", &PlanConfig::UNLIMITED).macs_per_step(), 4_532_736);
}
