//! Nobody reaches beyond their own area: whoever works in the quiet township learns nothing of what happened in the busy
//! one, and changes nothing there, by any route.

use std::collections::BTreeMap;

use outpace_access::routes::Route;
use outpace_core::{Permission, Role, Scope};
use serde_json::{Value, json};

use crate::county::{BUSY, COUNTY, County, QUIET, actor, who_may};
use crate::request::Requests;

/// Routes that tell what was put over the whole county: its zones, closures and public notices.
const COUNTY_WIDE: [&str; 5] =
    ["/api/notices/list", "/api/notices/one", "/api/zoning/all-zones", "/api/zoning/closures", "/api/zoning/zones"];

/// Routes whose request rests on something signed or exclusive that this county does not have; their own tests ask them.
const NEEDS_MORE: [&str; 8] = [
    "/api/access/issue-token",
    "/api/access/reset-second-factor",
    "/api/access/revoke",
    "/api/access/unlock",
    "/api/residents/answer-appeal",
    "/api/residents/answer-correction",
    "/api/screening/lanes/records",
    "/api/screening/results/exclude/sign",
];

/// The words of a refusal, to see why it was one.
fn why(status: u16, body: &str) -> String {
    // The code of an answer may be a code for a person, which is another one each time.
    if status == 200 {
        return "200 answered".to_owned();
    }
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    format!("{status} {}", told["code"].as_str().unwrap_or("answered"))
}

/// What somebody from elsewhere is told by a route, in words, or what is wrong with that.
async fn elsewhere(quiet: &County, busy: &County, route: &Route, request: &Value) -> Result<String, String> {
    let stranger = actor(who_may(route.need.permission), QUIET);
    let before = busy.facts_by(&stranger);
    let (status, told) = busy.ask(&stranger, route.path, request).await;
    if route.need.scope == Scope::Whole && status != 403 {
        return Err(format!("{} answers {status} to who holds a part", route.path));
    }
    if route.is_command && route.need.scope != Scope::Own && busy.facts_by(&stranger) > before {
        return Err(format!("{} left a fact from elsewhere: {request}", route.path));
    }
    if status != 200 || route.need.scope != Scope::Area {
        return Ok(why(status, &told));
    }
    let before = quiet.ask(&stranger, route.path, request).await;
    if (status, told.as_str()) == (before.0, before.1.as_str()) {
        return Ok("200 as if nothing had happened".to_owned());
    }
    // What was put over the whole county is over the quiet township as well; nothing of the busy one is in it.
    if COUNTY_WIDE.contains(&route.path) && !told.contains(&BUSY.to_string()) {
        return Ok("200 what applies to the whole county".to_owned());
    }
    Err(format!("{} {request} tells {}", route.path, told.chars().take(400).collect::<String>()))
}

#[tokio::test]
async fn nobody_learns_or_changes_anything_of_another_area() {
    let (quiet, busy) = (County::quiet().charted().await, County::busy().await);
    assert_eq!(quiet.now(), busy.now(), "two counties at two hours are no comparison");
    let requests = Requests::of(&busy.routes, busy.now());
    let mut table: BTreeMap<&str, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    // Queries first: nothing has changed yet when the county is asked as well.
    let mut routes: Vec<_> = busy.routes.list().iter().collect();
    routes.sort_by_key(|route| (route.is_command, route.path));
    for route in routes.into_iter().filter(|route| route.need.permission != Permission::Public) {
        let request = requests.make(route.path, route.is_command);
        let told = elsewhere(&quiet, &busy, route, &request).await.unwrap_or_else(|problem| {
            wrong.push(problem);
            String::new()
        });
        // The same request of somebody who answers for the county shows that there was something to hide.
        let (status, body) = busy.ask(&actor(who_may(route.need.permission), COUNTY), route.path, &request).await;
        assert!(status < 500, "{} {request}: {body}", route.path);
        let scope = route.need.scope;
        let refused = status != 200 && why(status, &body) == told;
        if scope == Scope::Area && refused && !NEEDS_MORE.contains(&route.path) {
            wrong.push(format!("{} refuses everybody alike, so that nothing is shown: {request} {body}", route.path));
        }
        table.insert(route.path, format!("{scope:?}: county {}, elsewhere {told}", why(status, &body)));
    }
    insta::assert_json_snapshot!(table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every command of every capability has been given by somebody, and still nobody is under anything that does not
    // follow: no route sets a status, a restriction or a zone by hand.
    busy.settled();
    let verified = busy.done(Role::Auditor, "/api/response/verify", json!({})).await;
    assert_eq!(verified["unfounded"], json!([]));
}
