use proptest::prelude::*;

use super::*;

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A good form with `changes`; a value of "-" takes the field away.
fn form(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut form = fields(&[
        ("notifyProcedure", ""),
        ("port", "5337"),
        ("path", "/cb"),
        ("protocol", "http-post"),
        ("url1", "https://a.example/card.rss"),
    ]);
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if *value != "-" {
            form.extend(fields(&[(name, value)]));
        }
    }
    form
}

fn callback(changes: &[(&str, &str)], caller: &str) -> String {
    PleaseNotify::from_form(&form(changes)).unwrap().callback(caller).unwrap().to_string()
}

#[test]
fn what_is_missing_or_wrong_is_said_in_the_words_of_clouds() {
    let missing = "The following parameters were missing from the request body: ";
    let fault =
        |changes: &[(&str, &str)]| PleaseNotify::from_form(&form(changes)).unwrap_err().to_string();
    let all = [("path", "-"), ("protocol", ""), ("port", "-")];
    assert_eq!(fault(&all), format!("{missing}port, path, protocol."));
    assert_eq!(fault(&[("path", "-")]), format!("{missing}path."));
    assert_eq!(fault(&[("url1", "-")]), "No resources specified.");
    for protocol in ["soap", "HTTP-POST", "XML-RPC"] {
        assert_eq!(
            fault(&[("protocol", protocol)]),
            format!(
                "Can't accept the subscription because the protocol, <i>{protocol}</i>, is \
                 unsupported."
            )
        );
    }
    for (name, value) in [
        ("port", "9311/cb?x="),
        ("port", "0"),
        ("port", "65536"),
        ("port", "+80"),
        ("domain", "http://a.example"),
        ("domain", "user@a.example"),
        ("domain", "a.example/x"),
        ("domain", "a.example:80"),
        ("domain", "[::1]:80"),
        ("domain", "a.example\\x"),
        ("domain", "a.exa\tmple"),
        ("domain", "%61.example"),
        ("domain", "[::1"),
        ("path", "/cb#x"),
    ] {
        assert!(fault(&[(name, value)]).contains(&format!("the {name}, <i>")), "{name}={value}");
    }
}

#[test]
fn a_procedure_is_looked_at_for_xml_rpc_alone() {
    let read = |protocol, procedure| {
        let form = form(&[("protocol", protocol), ("notifyProcedure", procedure)]);
        PleaseNotify::from_form(&form).map_err(|error| error.to_string())
    };
    let asked = read("xml-rpc", "a.b").unwrap();
    assert_eq!(asked.protocol.procedure(), Some("a.b"));
    for absent in ["-", ""] {
        let words = "The following parameters were missing from the request body: notifyProcedure.";
        assert_eq!(read("xml-rpc", absent), Err(words.to_owned()));
    }
    assert!(read("xml-rpc", "a\nb").unwrap_err().contains("the notifyProcedure, <i>"));
    assert_eq!(read("http-post", "a\nb").unwrap().protocol, Protocol::HttpPost);
    for (protocol, domain, is_challenged) in [
        ("http-post", "s.example", true),
        ("http-post", "", false),
        ("xml-rpc", "s.example", false),
        ("xml-rpc", "", false),
    ] {
        let form = form(&[("protocol", protocol), ("notifyProcedure", "x"), ("domain", domain)]);
        assert_eq!(PleaseNotify::from_form(&form).unwrap().is_challenged(), is_challenged);
    }
}

#[test]
fn every_field_that_begins_with_url_names_a_feed() {
    let named = |pairs: &[(&str, &str)]| {
        let mut all = form(&[("url1", "-")]);
        all.extend(fields(pairs));
        PleaseNotify::from_form(&all)
            .map(|request| request.feeds.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    let (a, b) = ("https://a.example/", "https://b.example/");
    assert_eq!(named(&[("url", a)]), Ok(vec![a.to_owned()]));
    assert_eq!(named(&[("URLfoo", b), ("url7", a), ("url8", b)]), Ok(vec![b.into(), a.into()]));
    assert_eq!(named(&[("url1", "x"), ("url2", a)]), Ok(vec![a.to_owned()]));
    assert_eq!(named(&[("url1", "x"), ("url2", "y")]), Err(unreadable("x")));
    assert_eq!(named(&[("url1", "https://a.example")]), Err(unreadable("https://a.example")));
    assert_eq!(named(&[("ur", a), ("öurl", a)]), Err("No resources specified.".to_owned()));
    let eleven: Vec<String> = (0..11).map(|number| format!("url{number}")).collect();
    let eleven: Vec<(&str, &str)> = eleven.iter().map(|name| (name.as_str(), a)).collect();
    assert!(named(&eleven).unwrap_err().contains("more than 10"));
    assert!(named(&eleven[1..]).is_ok());
}

#[test]
fn the_callback_is_on_the_domain_or_on_the_caller_s_address() {
    for (changes, url) in [
        (&[][..], "http://192.0.2.1:5337/cb"),
        (&[("domain", "")], "http://192.0.2.1:5337/cb"),
        (&[("domain", "Sub.Example")], "http://sub.example:5337/cb"),
        (&[("domain", "::1")], "http://[::1]:5337/cb"),
        (&[("domain", "[::1]")], "http://[::1]:5337/cb"),
        (&[("port", "443")], "https://192.0.2.1/cb"),
        (&[("port", "80"), ("path", "cb")], "http://192.0.2.1/cb"),
        (&[("protocol", "https-post")], "https://192.0.2.1:5337/cb"),
        (&[("protocol", "xml-rpc"), ("notifyProcedure", "a.b")], "http://192.0.2.1:5337/cb"),
        (
            &[("protocol", "xml-rpc"), ("notifyProcedure", "a.b"), ("port", "443")],
            "https://192.0.2.1/cb",
        ),
        (&[("path", "/?rsscloud=notify")], "http://192.0.2.1:5337/?rsscloud=notify"),
        (&[("path", "@evil.example/")], "http://192.0.2.1:5337/@evil.example/"),
        (&[("path", "//evil.example/")], "http://192.0.2.1:5337//evil.example/"),
    ] {
        assert_eq!(callback(changes, "192.0.2.1"), url);
    }
    assert_eq!(callback(&[], "2001:db8::1"), "http://[2001:db8::1]:5337/cb");
}

#[test]
fn the_challenge_goes_after_the_callback_s_own_query() {
    let feed: Url = "https://a.example/f/x.rss".parse().unwrap();
    for (text, asked) in [
        ("https://s.example/cb", "https://s.example/cb?url="),
        ("https://s.example/?k=v", "https://s.example/?k=v&url="),
    ] {
        let url = challenge_url(&text.parse().unwrap(), &feed, "c0").unwrap();
        let rest = "https%3A%2F%2Fa.example%2Ff%2Fx.rss&challenge=c0";
        assert_eq!(url.as_str(), format!("{asked}{rest}"));
    }
}

#[test]
fn a_ping_names_its_feed() {
    assert_eq!(pinged(&fields(&[("url", "x")])), Ok("x"));
    let error = pinged(&fields(&[("url", ""), ("URL", "x")])).unwrap_err().to_string();
    assert_eq!(error, "The following parameters were missing from the request body: url.");
}

#[test]
fn each_answer_has_its_element() {
    let (_, notify) = notify_result(Err(CALL_FAILED.to_owned()), Form::Xml);
    assert!(notify.contains("<notifyResult success=\"false\" msg=\"The subscription"), "{notify}");
    let (_, ping) = ping_result(Ok(()), Form::Xml);
    assert!(ping.contains("<result success=\"true\" msg=\"Thanks for the ping.\"/>"), "{ping}");
    let (_, json) = ping_result(Err("no".to_owned()), Form::Json);
    assert_eq!(json, "{\"msg\":\"no\",\"success\":false}");
    let (_, fault) = notify_result(Err(CALL_FAILED.to_owned()), Form::XmlRpc);
    assert!(fault.contains(&format!("<value>{CALL_FAILED}</value>")), "{fault}");
    let by_rpc = |outcome| ping_result(outcome, Form::XmlRpc);
    assert_eq!(hello_result(), by_rpc(Ok(())));
    assert_eq!(by_rpc(Err("no".to_owned())), by_rpc(Ok(())), "a ping is thanked for");
    assert!(REGISTERED.ends_with("will expire in 25. Keep on truckin!"));
}

fn any_protocol() -> impl Strategy<Value = Protocol> {
    let procedure = "[!-~]{1,100}".prop_map(|name| name.parse().unwrap());
    prop_oneof![
        Just(Protocol::HttpPost),
        Just(Protocol::HttpsPost),
        procedure.prop_map(|notify_procedure| Protocol::XmlRpc { notify_procedure }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        port in 1..=u16::MAX, v6: bool, protocol in any_protocol(), count in 1..=10_usize,
    ) {
        let domain = if v6 { "[2001:db8::1]" } else { "sub.example" };
        let feed = |number| format!("https://a.example/f/{number}.rss").parse().unwrap();
        let request = PleaseNotify {
            port,
            path: "/cb/x".to_owned(),
            protocol,
            domain: (port != 1).then(|| domain.to_owned()),
            feeds: (0..count).map(feed).collect(),
        };
        prop_assert_eq!(PleaseNotify::from_form(&request.to_form()), Ok(request));
    }

    #[test]
    fn a_callback_never_leaves_its_host(port in ".{0,8}", path in ".{0,24}", domain in ".{0,12}") {
        let form = form(&[("port", &port), ("path", &path), ("domain", &domain)]);
        if let Ok(request) = PleaseNotify::from_form(&form) {
            let url = request.callback("192.0.2.1").unwrap();
            let host = request.domain.clone().unwrap_or_else(|| "192.0.2.1".to_owned());
            prop_assert_eq!((url.host(), url.port()), (host.as_str(), request.port));
        }
    }
}

#[test]
fn who_is_called_by_xml_rpc_is_at_the_address_that_it_calls_from() {
    let asked = |protocol: &str, domain: &str| {
        let fields = [
            ("port", "80"),
            ("path", "/"),
            ("protocol", protocol),
            ("notifyProcedure", "x"),
            ("url1", "https://a.example/"),
            ("domain", domain),
        ];
        let field = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        PleaseNotify::from_form(&fields.map(field)).unwrap()
    };
    for (domain, caller, elsewhere) in [
        ("192.0.2.1", "192.0.2.1", false),
        ("", "192.0.2.1", false),
        ("2001:DB8:0::1", "2001:db8::1", false),
        ("192.0.2.2", "192.0.2.1", true),
        ("a.example", "192.0.2.1", true),
        ("[2001:db8::2]", "2001:db8::1", true),
    ] {
        assert_eq!(asked("xml-rpc", domain).is_elsewhere(caller), elsewhere, "{domain}");
        assert!(!asked("http-post", domain).is_elsewhere(caller), "it is challenged");
    }
}
