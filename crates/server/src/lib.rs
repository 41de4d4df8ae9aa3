//! Every route on one page, live events, OpenAPI, the embedded page.
