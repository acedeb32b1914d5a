use proptest::prelude::*;

use super::*;
use crate::protocol::xml::hostile_text;

fn values(xml: &str) -> Result<Vec<Value>> {
    let document =
        format!("<?xml version=\"1.0\"?><methodCall><methodName>x</methodName>{xml}</methodCall>");
    Call::parse(document.as_bytes()).map(|call| call.parameters)
}

fn one(value: &str) -> Result<Value> {
    let mut read = values(&format!("<params><param>{value}</param></params>"))?;
    assert_eq!(read.len(), 1);
    Ok(read.remove(0))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn the_forms_of_a_value() {
    for (xml, value) in [
        ("<value>a &amp; b</value>", text("a & b")),
        ("<value/>", text("")),
        ("<value> </value>", text(" ")),
        ("<value>\n <string> a </string>\n</value>", text(" a ")),
        ("<value><i4>-80</i4></value>", Value::Integer(-80)),
        ("<value><int> 80 </int></value>", Value::Integer(80)),
        ("<value><boolean>1</boolean></value>", Value::Boolean(true)),
        ("<value><boolean>0</boolean></value>", Value::Boolean(false)),
        (
            "<value><array><data> <value>u</value><value><i4>1</i4></value> </data></array></value>",
            Value::Array(vec![text("u"), Value::Integer(1)]),
        ),
        ("<value><array><data/></array></value>", Value::Array(Vec::new())),
    ] {
        assert_eq!(one(xml), Ok(value), "{xml}");
    }
}

#[test]
fn other_types_and_forms_are_refused() {
    for xml in [
        "",
        "<value>a</value><value>b</value>",
        "<value>a<i4>1</i4></value>",
        "<value><i4>1</i4><i4>2</i4></value>",
        "<value><i4>2147483648</i4></value>",
        "<value><i4>1.5</i4></value>",
        "<value><boolean>true</boolean></value>",
        "<value><double>1</double></value>",
        "<value><base64>YQ==</base64></value>",
        "<value><struct/></value>",
        "<value><array/></value>",
        "<value><string><b/></string></value>",
        "<value><i4 xmlns=\"urn:x\">1</i4></value>",
    ] {
        assert!(one(xml).is_err(), "{xml}");
    }
}

#[test]
fn a_call_has_a_name_and_not_too_many_parameters() {
    assert_eq!(values(""), Ok(Vec::new()));
    assert_eq!(values("<params/>"), Ok(Vec::new()));
    assert!(values("<params/><params/>").is_err());
    let many = |count| format!("<params>{}</params>", "<param><value/></param>".repeat(count));
    assert_eq!(values(&many(PARAMETERS)).map(|values| values.len()), Ok(PARAMETERS));
    assert!(values(&many(PARAMETERS + 1)).is_err());
    for bad in [
        "<methodCall/>".to_owned(),
        "<methodCall><methodName> </methodName></methodCall>".to_owned(),
        format!("<methodCall><methodName>{}</methodName></methodCall>", "x".repeat(METHOD + 1)),
        "<methodResponse><methodName>x</methodName></methodResponse>".to_owned(),
        format!("<methodCall><methodName>x</methodName>{}</methodCall>", "<a/>".repeat(TAGS)),
        format!("<methodCall><methodName>x</methodName>{}</methodCall>", " ".repeat(SIZE)),
        "<!DOCTYPE x><methodCall><methodName>x</methodName></methodCall>".to_owned(),
    ] {
        assert!(Call::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn arrays_do_not_stand_in_each_other_without_end() {
    let nested = |depth| {
        let (open, close) = ("<value><array><data>", "</data></array></value>");
        format!("{}<value/>{}", open.repeat(depth), close.repeat(depth))
    };
    assert!(one(&nested(9)).is_ok());
    assert!(one(&nested(10)).is_err());
    assert!(one(&nested(10_000)).is_err());
}

#[test]
fn what_is_written_looks_like_this() {
    let call = Call {
        method: "river.feedUpdated".to_owned(),
        parameters: vec![text("https://a.example/?a&b"), Value::Integer(80)],
    };
    assert_eq!(
        call.write(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodCall>\n  \
         <methodName>river.feedUpdated</methodName>\n  <params>\n    \
         <param><value>https://a.example/?a&amp;b</value></param>\n    \
         <param><value><i4>80</i4></value></param>\n  </params>\n</methodCall>\n"
    );
    assert_eq!(
        answer(true),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodResponse>\n  <params>\n    \
         <param><value><boolean>1</boolean></value></param>\n  </params>\n</methodResponse>\n"
    );
    assert_eq!(
        fault(FAULT, &not_enough("ping")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodResponse>\n  <fault>\n    \
         <value><struct><member><name>faultCode</name><value><i4>4</i4></value></member>\
         <member><name>faultString</name><value>Can't call \"ping\" because there aren't enough \
         parameters.</value></member></struct></value>\n  </fault>\n</methodResponse>\n"
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        hostile_text().prop_map(Value::Text),
        any::<i32>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        method in "[A-Za-z0-9_.:/]{1,100}", parameters in prop::collection::vec(any_value(), 0..6)
    ) {
        let call = Call { method, parameters };
        prop_assert_eq!(Call::parse(call.write().as_bytes()), Ok(call));
    }

    #[test]
    fn a_fault_is_xml_whatever_it_says(code: i32, text in hostile_text()) {
        prop_assert!(Element::parse(fault(code, &not_defined(&text)).as_bytes()).is_ok());
    }

    #[test]
    fn nothing_makes_it_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<methodCall>", "</methodCall>", "<methodName>", "x", "</methodName>", "<params>",
            "</params>", "<param>", "</param>", "<value>", "</value>", "<array>", "</array>",
            "<data>", "</data>", "<i4>", "</i4>", "<boolean>", "</boolean>", "1", " ", "\0", "&",
        ]), 0..40)
    ) {
        // Only that it returns matters.
        let _ = Call::parse(pieces.concat().as_bytes());
    }
}
