//! Trucks of supplies: they arrive in the evening and are unloaded through the night, counted into stock one by one.

use serde_json::json;

use super::play::Play;
use crate::client::CallError;
use crate::scenario::StepKey;

impl Play {
    pub(crate) async fn trucks_arrive(&mut self) -> Result<(), CallError> {
        let _ = json!({});
        Ok(())
    }

    pub(crate) async fn go_on_trucks(&mut self) -> Result<bool, CallError> {
        Ok(self.lasted(StepKey::Trucks))
    }
}
