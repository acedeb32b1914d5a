use super::*;

#[test]
fn lines_read_and_are_written_as_ever() {
    for line in include_str!("lines.jsonl").lines() {
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
    }
}

#[test]
fn records_that_came_at_once_go_notices_receipts_items() {
    let lines = include_str!("lines.jsonl").lines();
    let mut records: Vec<Record> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    records.sort_by_key(Record::order);
    let is_item = |record: &Record| record.entry().is_some();
    assert!(records.is_sorted_by_key(is_item));
    let receipt = |record: &Record| matches!(record.what, What::Receipt { .. });
    assert!(records.split(receipt).next().is_some_and(|before| !before.iter().any(is_item)));
}

#[test]
fn a_message_without_its_place_is_refused() {
    let line = include_str!("lines.jsonl").lines().next().unwrap();
    assert!(serde_json::from_str::<Record>(line).is_ok());
    for key in ["guid", "log", "sequence", "hash"] {
        let without = line.replace(&format!("\"{key}\":"), "\"other\":");
        let cause = serde_json::from_str::<Record>(&without).unwrap_err().to_string();
        assert!(cause.contains("lacks its guid or its place"), "{cause}");
    }
}
