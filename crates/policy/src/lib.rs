//! Policy packs, playbooks and jurisdiction profiles: parse, check, explain.
