//! What happens to notices.

use outpace_core::{AreaId, NoticeId, Text, Timestamp};

use super::model::Audience;
use crate::Subject;

facts! {
    /// A notice was published or sent.
    NoticePublished = "notices.notice_published" {
        /// Its number.
        notice: NoticeId,
        /// Its idempotency key.
        key: Option<String>,
        /// What sort of notice.
        kind: String,
        /// Whom it is for.
        audience: Audience,
        /// Which area it is about.
        area: AreaId,
        /// Title.
        title: Text,
        /// Words.
        body: Text,
        /// What it is about.
        reference: Subject,
        /// The clause it rests on.
        clause: Option<String>,
        /// Until when receivers must confirm.
        deadline_at: Option<Timestamp>,
    }
    /// A notice got other words, in public.
    NoticeRevised = "notices.notice_revised" {
        /// Which.
        notice: NoticeId,
        /// The words from now on.
        body: Text,
        /// Why they changed.
        reason: Text,
    }
    /// A notice was taken back.
    NoticeWithdrawn = "notices.notice_withdrawn" {
        /// Which.
        notice: NoticeId,
        /// Why.
        reason: String,
    }
    /// A message reached a receiver.
    NoticeDelivered = "notices.notice_delivered" {
        /// Which.
        notice: NoticeId,
        /// Whom.
        receiver: String,
    }
    /// A receiver confirmed a message.
    NoticeAcknowledged = "notices.notice_acknowledged" {
        /// Which.
        notice: NoticeId,
        /// Who.
        receiver: String,
    }
    /// The deadline passed without a word from these receivers.
    NoticeUnanswered = "notices.notice_unanswered" {
        /// Which.
        notice: NoticeId,
        /// Who; empty when all had confirmed.
        receivers: Vec<String>,
    }
}
