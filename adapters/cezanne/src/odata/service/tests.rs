use adapter_sdk::{ErrorKind, Next};
use futures::future::join_all;
use http::Failure;
use serde_json::json;

use super::*;
use crate::{
    odata::{Filter, Literal},
    scripted::{Answer, Fixed, Scripted, TAKES, header, oauth, ok, status, tokens, url, with_header},
};

const ROOT: &str = "https://acme.example.com/cezanneondemand/v7/dataservice.svc";
const DESCRIBED: &str = r#"<edmx:Edmx Version="1.0" xmlns:edmx="u"><edmx:DataServices m:DataServiceVersion="3.0" xmlns:m="v">
    <Schema Namespace="M"><EntityType Name="Person"><Key><PropertyRef Name="PERSONID"/></Key>
    <Property Name="PERSONID" Type="Edm.String" Nullable="false"/></EntityType>
    <EntityContainer Name="C"><EntitySet Name="People" EntityType="M.Person"/></EntityContainer></Schema>
    </edmx:DataServices></edmx:Edmx>"#;
const NOT_FOUND: &str = r#"{"odata.error":{"code":"","message":{"lang":"en","value":"Resource not found for the segment 'People'."}}}"#;
const ADA: &str = r#"{"PERSONID":"LV-1","FAMILYNAME":"Planted"}"#;

/// The service of version 3, told so by its settings.
fn service(data: impl IntoIterator<Item = Answer>) -> (Service, Arc<Scripted>) {
    service_of(Some(Version::V3), data)
}

fn service_of(version: Option<Version>, data: impl IntoIterator<Item = Answer>) -> (Service, Arc<Scripted>) {
    let transport = Scripted::new(data);
    let settings = Settings { root: url(ROOT), version, requests_per_second: 2.0 };
    let way = Way::whole(Arc::<Scripted>::clone(&transport));
    (Service::new(settings, tokens(oauth(), &transport), way, Arc::new(Fixed)), transport)
}

fn lv1() -> Key {
    Key::single("PERSONID", "LV-1")
}

fn fields() -> Map<String, Value> {
    Map::from_iter([("FAMILYNAME".to_owned(), json!("Planted"))])
}

fn page_of(codes: &[&str], next: Option<&str>) -> Answer {
    let rows: Vec<Value> = codes.iter().map(|code| json!({ "PERSONID": code })).collect();
    ok(json!({ "value": rows, "odata.nextLink": next }).to_string())
}

fn codes(rows: &[Row]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.fields.get("PERSONID")?.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_version_has_its_headers() {
    for (version, accept, names, number) in [
        (Version::V2, "application/json", ["dataserviceversion", "maxdataserviceversion"], "2.0"),
        (
            Version::V3,
            "application/json;odata=minimalmetadata, application/json;odata=verbose;q=0.8, application/json;q=0.5",
            ["dataserviceversion", "maxdataserviceversion"],
            "3.0",
        ),
        (
            Version::V4,
            "application/json;odata.metadata=minimal",
            ["odata-version", "odata-maxversion"],
            "4.0",
        ),
    ] {
        let answers = [ok(ADA), status(201, ADA), status(204, "")];
        let (service, transport) = service_of(Some(version), answers);
        service.get("People", &lv1()).await.unwrap();
        service.insert("People", fields()).await.unwrap();
        service.change("People", &lv1(), fields(), Some("W/\"1\"")).await.unwrap();
        let [read, insert, change] = &transport.asked()[..] else { panic!("three requests") };
        for request in [read, insert, change] {
            assert_eq!(header(request, "authorization"), Some("Bearer token-1"));
            assert_eq!(header(request, "accept"), Some(accept), "{version:?}");
            assert!(names.iter().all(|name| header(request, name) == Some(number)));
            assert_eq!(request.deadline, Duration::from_secs(60));
        }
        assert_eq!(read.url.as_str(), format!("{ROOT}/People('LV-1')"));
        assert_eq!(insert.url.as_str(), format!("{ROOT}/People"));
        assert_eq!(change.url, read.url);
        assert_eq!((read.method, insert.method), (Method::Get, Method::Post));
        assert_eq!(header(read, "content-type"), None);
        for write in [insert, change] {
            assert_eq!(header(write, "content-type"), Some("application/json"));
            assert_eq!(&write.body[..], br#"{"FAMILYNAME":"Planted"}"#);
        }
        assert_eq!((header(insert, "if-match"), header(change, "if-match")), (None, Some("W/\"1\"")));
        let is_version_2 = version == Version::V2;
        assert_eq!(change.method, if is_version_2 { Method::Post } else { Method::Patch });
        assert_eq!(header(change, "x-http-method"), is_version_2.then_some("MERGE"));
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_fetched_once_and_says_which_version_is_spoken() {
    let v4 = DESCRIBED.replace("Version=\"1.0\"", "Version=\"4.0\"");
    for (described, name) in [(DESCRIBED, "dataserviceversion"), (v4.as_str(), "odata-version")] {
        let (service, transport) = service_of(None, [ok(described), ok(ADA), ok(ADA)]);
        service.get("People", &lv1()).await.unwrap();
        service.get("People", &lv1()).await.unwrap();
        let [metadata, first, _] = &transport.asked()[..] else { panic!("three requests") };
        assert_eq!(metadata.url.as_str(), format!("{ROOT}/$metadata"));
        assert_eq!(header(metadata, "accept"), Some("application/xml, */*;q=0.1"));
        assert_eq!(metadata.body_max, 32 << 20);
        assert!(header(first, name).is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_fetched_again_when_it_is_doubted_and_an_hour_old() {
    let (service, transport) = service([ok(DESCRIBED), ok(DESCRIBED)]);
    assert!(!service.forget_metadata().await);
    service.metadata().await.unwrap();
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert!(!service.forget_metadata().await);
    service.metadata().await.unwrap();
    assert_eq!(transport.asked().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(service.forget_metadata().await);
    assert!(!service.forget_metadata().await);
    service.metadata().await.unwrap();
    assert_eq!(transport.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn metadata_that_is_none_says_what_it_is_instead() {
    for (answer, kind) in [
        (ok("<a/>"), TroubleKind::BadMetadata),
        (ok("<!DOCTYPE html><title>Log in</title>"), TroubleKind::LogInPage),
        (status(302, ""), TroubleKind::LogInPage),
        (status(404, "<html/>"), TroubleKind::NoSuchPath),
        (status(406, ""), TroubleKind::Dialect),
        (Err(Failure::TooLong), TroubleKind::TooLong),
    ] {
        let (service, transport) = service([answer]);
        assert_eq!(service.metadata().await.unwrap_err().kind, kind);
        assert_eq!(transport.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn verbose_json_is_tried_once_and_remembered_when_it_is_understood() {
    let verbose = format!(r#"{{"d":{ADA}}}"#);
    for refusal in [406, 415] {
        let (service, transport) = service([status(refusal, ""), status(201, &*verbose), ok(&*verbose)]);
        assert!(service.insert("People", fields()).await.unwrap().is_some());
        assert!(service.get("People", &lv1()).await.unwrap().is_some());
        let types: Vec<_> =
            transport.asked().iter().map(|it| header(it, "content-type").map(str::to_owned)).collect();
        assert_eq!(types[0].as_deref(), Some("application/json"));
        assert_eq!(types[1].as_deref(), Some("application/json;odata=verbose"));
        let accepts = "application/json;odata=verbose, application/json;q=0.5";
        assert!(transport.asked()[1..].iter().all(|request| header(request, "accept") == Some(accepts)));
        assert_eq!(transport.asked()[0].body, transport.asked()[1].body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dialect_that_is_not_understood_either_is_not_remembered() {
    let (service, transport) = service([status(415, ""), status(415, ""), status(201, ADA)]);
    assert_eq!(service.insert("People", fields()).await.unwrap_err().kind, TroubleKind::Dialect);
    service.insert("People", fields()).await.unwrap();
    assert_eq!(header(&transport.asked()[2], "content-type"), Some("application/json"));
}

#[tokio::test(start_paused = true)]
async fn merge_in_a_post_is_tried_once_where_patch_is_not_allowed_and_remembered() {
    for refusal in [405, 501] {
        let (service, transport) = service([status(refusal, ""), status(204, ""), status(204, "")]);
        service.change("People", &lv1(), fields(), None).await.unwrap();
        service.change("People", &lv1(), fields(), None).await.unwrap();
        let asked = transport.asked();
        let how: Vec<_> = asked.iter().map(|it| (it.method, header(it, "x-http-method"))).collect();
        let merge = (Method::Post, Some("MERGE"));
        assert_eq!(how, [(Method::Patch, None), merge, merge]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_allowed_in_no_way_is_a_matter_of_dialect() {
    let (service, transport) = service([status(405, ""), status(405, ""), status(405, "")]);
    let change = service.change("People", &lv1(), fields(), None).await.unwrap_err();
    let insert = service.insert("People", fields()).await.unwrap_err();
    assert_eq!((change.kind, insert.kind), (TroubleKind::Dialect, TroubleKind::Dialect));
    assert_eq!(transport.asked().len(), 3);
    let (service, transport) = service_of(Some(Version::V4), [status(405, "")]);
    assert!(service.change("People", &lv1(), fields(), None).await.is_err());
    assert_eq!(transport.asked().len(), 1, "version 4 knows no MERGE");
}

#[tokio::test(start_paused = true)]
async fn all_three_repetitions_together_end() {
    let answers = [status(401, ""), status(415, ""), status(405, ""), status(204, "")];
    let (service, transport) = service(answers);
    service.change("People", &lv1(), fields(), None).await.unwrap();
    let last = &transport.asked()[3];
    assert_eq!(header(last, "authorization"), Some("Bearer token-2"));
    assert_eq!(header(last, "x-http-method"), Some("MERGE"));
    assert_eq!(header(last, "content-type"), Some("application/json;odata=verbose"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_and_the_call_repeated_once() {
    let (service, transport) = service([status(401, ""), status(201, ADA)]);
    assert!(service.insert("People", fields()).await.unwrap().is_some());
    let asked = transport.asked();
    let with: Vec<_> = asked.iter().map(|request| header(request, "authorization")).collect();
    assert_eq!(with, [Some("Bearer token-1"), Some("Bearer token-2")]);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_is_a_matter_for_a_human() {
    let (service, transport) = service([status(401, ""), status(401, "")]);
    let trouble = service.insert("People", fields()).await.unwrap_err();
    assert_eq!((&trouble.kind, trouble.status), (&TroubleKind::Refused401, Some(401)));
    assert_eq!((transport.asked().len(), transport.asked_for_tokens().len()), (2, 2));
    let error = trouble.into_error(true);
    assert_eq!((error.kind(), error.next()), (ErrorKind::Unauthorized, Next::Park));
}

#[tokio::test(start_paused = true)]
async fn ten_calls_at_once_take_one_token_and_one_lane() {
    let (service, transport) = service((0..10).map(|_| ok(ADA)));
    let key = lv1();
    let all = join_all((0..10).map(|_| service.get("People", &key))).await;
    assert!(all.into_iter().all(|row| row.unwrap().is_some()));
    assert_eq!(transport.asked_for_tokens().len(), 1);
    assert_eq!(transport.in_flight_max(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_start_no_more_often_than_the_settings_say() {
    let (mut service, transport) = service((0..10).map(|_| ok(ADA)));
    service.pace = Arc::new(pace(0.5));
    let key = lv1();
    join_all((0..10).map(|_| service.get("People", &key))).await;
    let starts: Vec<Instant> =
        transport.all().into_iter().filter(|(_, it)| it.method == Method::Get).map(|(at, _)| at).collect();
    assert_eq!(starts.len(), 10);
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(1800)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_leaves_the_lane_free() {
    let (service, _) = service([ok(ADA)]);
    let key = lv1();
    let given_up = tokio::time::timeout(TAKES / 2, service.get("People", &key)).await;
    assert!(given_up.is_err());
    assert!(service.get("People", &key).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_halve_the_pace_and_both_forms_of_a_pause_are_read() {
    for (after, date) in [
        ("7", None),
        ("Sun, 06 Nov 1994 08:49:44 GMT", None),
        ("Sun, 06 Nov 1994 08:00:07 GMT", Some("Sun, 06 Nov 1994 08:00:00 GMT")),
    ] {
        for code in [429, 503] {
            let mut answer = with_header(status(code, ""), "retry-after", after);
            if let Some(date) = date {
                answer = with_header(answer, "date", date);
            }
            let (service, transport) = service([answer]);
            let trouble = service.insert("People", fields()).await.unwrap_err();
            let pause = Some(Duration::from_secs(7));
            let kind = if code == 429 {
                TroubleKind::Throttled { after: pause }
            } else {
                TroubleKind::Maintenance { after: pause }
            };
            assert_eq!(trouble.kind, kind);
            assert_eq!(trouble.into_error(true).next(), Next::Retry { after: pause });
            assert_eq!(service.pace.is_slow(), code == 429);
            assert_eq!(transport.asked().len(), 1, "who waits is decided above");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_and_a_web_page_are_the_log_in_page_and_nothing_is_followed() {
    let login =
        with_header(status(302, ""), "location", "https://acme.example.com/Account/LogIn?ReturnUrl=x");
    let page = with_header(ok("<title>Log in</title>"), "content-type", "text/html; charset=utf-8");
    let bare = ok("<!DOCTYPE html><html><head><title>Log in</title></head></html>");
    for answer in [login, page, bare, status(303, "")] {
        let (service, transport) = service((0..4).map(|_| answer.clone()));
        let all = [
            service.get("People", &lv1()).await.unwrap_err(),
            service.query("People", &Query::default()).await.unwrap_err(),
            service.insert("People", fields()).await.unwrap_err(),
            service.change("People", &lv1(), fields(), None).await.unwrap_err(),
        ];
        assert!(all.iter().all(|trouble| trouble.kind == TroubleKind::LogInPage), "{all:?}");
        assert_eq!(transport.asked().len(), 4);
        assert!(
            transport.asked().iter().all(|request| request.url.path().contains("/dataservice.svc/People"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_is_read_to_its_end_wherever_the_service_cuts_it() {
    let next = format!("{ROOT}/People?$skiptoken='1'");
    let answers = [
        page_of(&["1"], Some(&next)),
        page_of(&[], Some("People?$skiptoken='2'")),
        page_of(&["2", "3"], None),
    ];
    let (service, transport) = service(answers);
    let rows = service.query("People", &Query::default()).await.unwrap();
    assert_eq!(codes(&rows), ["1", "2", "3"]);
    let urls: Vec<String> = transport.asked().iter().map(|request| request.url.to_string()).collect();
    assert_eq!(urls[1], format!("{ROOT}/People?$skiptoken=%271%27"));
    assert_eq!(urls[2], format!("{ROOT}/People?$skiptoken=%272%27"));
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_place_is_not_followed_and_no_token_goes_there() {
    for link in [
        "https://evil.example.com/dataservice.svc/People?$skiptoken='1'",
        "http://acme.example.com/cezanneondemand/v7/dataservice.svc/People",
        "https://acme.example.com:8443/People",
        "https://user:pass@acme.example.com/People",
        "//evil.example.com/People",
        "https://acme.example.com.evil.example.com/",
        "file:///etc/passwd",
        "https://",
    ] {
        let (service, transport) = service([page_of(&["Planted"], Some(link))]);
        let trouble = service.query("People", &Query::default()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::ForeignLink, "{link}");
        assert_eq!(transport.asked().len(), 1);
        assert_eq!(trouble.into_error(false).kind(), ErrorKind::ConfigInvalid);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_without_an_end_is_given_up_and_one_with_a_top_ends_there() {
    let endless = || (0..PAGES_MAX).map(|_| page_of(&["1", "2"], Some("People?$skiptoken='1'")));
    let (service, transport) = service(endless());
    assert_eq!(service.query("People", &Query::default()).await.unwrap_err().kind, TroubleKind::TooLong);
    assert_eq!(transport.asked().len(), PAGES_MAX);
    let (service, transport) = self::service(endless());
    let three = Query { top: Some(3), ..Query::default() };
    assert_eq!(service.query("People", &three).await.unwrap().len(), 3);
    assert_eq!(transport.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_no_shorter_list() {
    for body in ["", "{", r#"{"value":[{"A":1}"#, r#"{"error":{"code":"","message":"Planted"}}"#, "<feed/>"] {
        let (service, _) = service([page_of(&["1"], Some("People?$skiptoken='1'")), ok(body)]);
        let trouble = service.query("People", &Query::default()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Garbled, "{body}");
        assert!(!format!("{trouble:?}").contains("Planted"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_plus_sign_travels_as_percent_2b_and_a_space_as_percent_20() {
    let (service, transport) = service([page_of(&[], None)]);
    let filter = Filter::eq("EXTERNALEMAILADDRESS", Literal::text("ann+o'x@example.org & co"));
    let query = Query { select: vec!["PERSONID".to_owned()], top: Some(2), ..Query::by(filter) };
    service.query("Communications", &query).await.unwrap();
    assert_eq!(
        transport.asked()[0].url.query(),
        Some(
            "$filter=EXTERNALEMAILADDRESS%20eq%20%27ann%2Bo%27%27x%40example.org%20%26%20co%27&$select=PERSONID&$top=2"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_404_in_the_words_of_the_service_means_no_such_record_where_the_set_is_known() {
    let (service, transport) = service([status(404, NOT_FOUND), ok(DESCRIBED), status(404, NOT_FOUND)]);
    assert_eq!(service.get("People", &lv1()).await.unwrap(), None);
    assert_eq!(service.get("People", &lv1()).await.unwrap(), None);
    assert_eq!(transport.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_404_of_a_set_that_is_not_there_is_no_absence() {
    let (service, _) = service([status(404, NOT_FOUND), ok(DESCRIBED), status(404, NOT_FOUND)]);
    assert_eq!(service.get("Persons", &lv1()).await.unwrap_err().kind, TroubleKind::NoSuchPath);
}

#[tokio::test(start_paused = true)]
async fn a_404_of_somebody_else_is_settled_by_asking_the_list() {
    for doubtful in
        [status(404, ""), status(404, "<html>IIS</html>"), status(404, "not found"), status(204, "")]
    {
        let (absent, transport) = service([doubtful.clone(), page_of(&[], None)]);
        assert_eq!(absent.get("People", &lv1()).await.unwrap(), None);
        assert_eq!(transport.asked()[1].url.query(), Some("$filter=PERSONID%20eq%20%27LV-1%27"));
        let (present, _) = service([doubtful.clone(), page_of(&["LV-1"], None)]);
        assert!(present.get("People", &lv1()).await.unwrap().is_some());
        let (gone, _) = service([doubtful, status(404, "<html>IIS</html>")]);
        assert_eq!(gone.get("People", &lv1()).await.unwrap_err().kind, TroubleKind::NoSuchPath);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_fits_no_path_is_looked_for_by_filter() {
    let (service, transport) = service([page_of(&["a/b"], None), page_of(&["a/b", "A/B"], None)]);
    let key = Key::of([("EMPLOYMENTID", "a/b"), ("PERSONID", "x")]);
    assert!(service.get("Employments", &key).await.unwrap().is_some());
    assert_eq!(
        transport.asked()[0].url.query(),
        Some("$filter=%28EMPLOYMENTID%20eq%20%27a%2Fb%27%29%20and%20%28PERSONID%20eq%20%27x%27%29")
    );
    assert_eq!(service.get("Employments", &key).await.unwrap_err().kind, TroubleKind::Garbled);
}

#[tokio::test(start_paused = true)]
async fn a_composite_key_stands_in_the_path_with_its_names() {
    let (service, transport) = service([ok(ADA), status(204, "")]);
    let key = Key::of([("EMPLOYMENTID", "O'Neil"), ("PERSONID", "LV-1")]);
    service.get("Employments", &key).await.unwrap();
    // A change has no other way than the path, so a hostile key is encoded there.
    service.change("People", &Key::single("PERSONID", "../a?b#c'%2f"), fields(), None).await.unwrap();
    let urls: Vec<String> = transport.asked().iter().map(|request| request.url.to_string()).collect();
    assert_eq!(urls[0], format!("{ROOT}/Employments(EMPLOYMENTID='O''Neil',PERSONID='LV-1')"));
    assert_eq!(urls[1], format!("{ROOT}/People('..%2Fa%3Fb%23c''%252f')"));
}

#[tokio::test(start_paused = true)]
async fn a_record_comes_with_its_etag_from_wherever_it_stands() {
    let inside = ok(r#"{"odata.etag":"W/\"in\"","PERSONID":"LV-1"}"#);
    let outside = with_header(ok(ADA), "etag", "W/\"out\"");
    for (answer, etag) in [(inside, Some("W/\"in\"")), (outside, Some("W/\"out\"")), (ok(ADA), None)] {
        let (service, _) = service([answer]);
        let row = service.get("People", &lv1()).await.unwrap().unwrap();
        assert_eq!(row.etag.as_deref(), etag);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_answers_with_no_record_is_no_absence() {
    for body in ["", "{}", "null", "7", "{\"PERSONID\":", r#"{"value":[]}"#] {
        let (service, _) = service([ok(body)]);
        assert_eq!(service.get("People", &lv1()).await.unwrap_err().kind, TroubleKind::Garbled, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_insert_is_done_unless_its_answer_throws_doubt_on_that() {
    for (answer, is_shown) in [
        (status(201, ADA), true),
        (ok(ADA), true),
        (status(201, ""), false),
        (status(204, ""), false),
        (ok("{}"), false),
    ] {
        let (service, _) = service([answer]);
        assert_eq!(service.insert("People", fields()).await.unwrap().is_some(), is_shown);
    }
    for body in ["{\"PERSONID\":", "created", NOT_FOUND, r#"{"error":{"code":"","message":"Planted"}}"#] {
        let (service, _) = service([ok(body), ok(body)]);
        for trouble in [
            service.insert("People", fields()).await.unwrap_err(),
            service.change("People", &lv1(), fields(), None).await.unwrap_err(),
        ] {
            assert_eq!(trouble.kind, TroubleKind::Garbled, "{body}");
            assert_eq!(trouble.into_error(true).next(), Next::FindFirst);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_never_repeated_after_an_answer_that_may_have_come_late() {
    for (answer, kind) in [
        (status(500, ""), TroubleKind::ServerError),
        (status(502, ""), TroubleKind::Gateway),
        (status(503, ""), TroubleKind::Maintenance { after: None }),
        (status(504, ""), TroubleKind::Gateway),
        (Err(Failure::Unanswered("broke off".to_owned())), TroubleKind::Unanswered),
    ] {
        let (service, transport) = service([answer]);
        let trouble = service.insert("People", fields()).await.unwrap_err();
        assert_eq!(trouble.kind, kind);
        assert!(trouble.is_unknown_for_a_write());
        assert_eq!(transport.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_not_sent_was_not_applied() {
    let (service, _) = service([Err(Failure::NotSent("no route".to_owned()))]);
    let trouble = service.insert("People", fields()).await.unwrap_err();
    assert!(!trouble.is_unknown_for_a_write());
    let error = trouble.into_error(true);
    assert_eq!((error.kind(), error.next()), (ErrorKind::Unavailable, Next::Retry { after: None }));
    assert!(error.chain().ends_with(": no route"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn a_change_tells_a_record_that_is_gone_from_one_that_moved_and_from_a_wrong_path() {
    for (answer, kind) in [
        (status(404, NOT_FOUND), TroubleKind::NoSuchRecord),
        (status(404, "<html/>"), TroubleKind::NoSuchPath),
        (status(409, NOT_FOUND), TroubleKind::Conflict),
        (status(412, ""), TroubleKind::Conflict),
        (status(400, NOT_FOUND), TroubleKind::Refused),
        (status(403, ""), TroubleKind::Forbidden),
    ] {
        let (service, _) = service([answer]);
        let trouble = service.change("People", &lv1(), fields(), Some("W/\"1\"")).await.unwrap_err();
        assert_eq!(trouble.kind, kind);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_shown_holds_a_value_a_token_or_a_secret() {
    let refusal = r#"{"odata.error":{"message":{"value":"Planted is no name"}}}"#;
    let (service, _) = service([ok(ADA), status(400, refusal)]);
    let key = Key::single("PERSONID", "Planted");
    let row = service.get("People", &key).await.unwrap().unwrap();
    let trouble = service.insert("People", fields()).await.unwrap_err();
    assert_eq!(trouble.said.as_ref().map(|said| said.reveal().as_str()), Some("Planted is no name"));
    let error = trouble.clone().into_error(true);
    let shown =
        format!("{service:?} {:?} {row:?} {trouble:?} {error:?} {error} {}", service.tokens, error.chain());
    for hidden in ["Planted", "token-1", "s3cret"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
