//! What room there is, as desks say it shortly before the end: what was said long ago counts no more.

use knipperlicht_contracts::routing::v1::{
    self as routing, routing_service_client::RoutingServiceClient,
};
use knipperlicht_routing::{demo_services, model::directory::Area};

use super::{Play, bear, together};
use crate::dev::DevError;

impl Play<'_> {
    /// The desks of these zones say what the directory invents of their room.
    pub(super) async fn say_room(&mut self) -> Result<(), DevError> {
        let mut calls = Vec::new();
        for service in demo_services(self.environment.now())? {
            let (Some(room), Area::Zones(zones)) = (service.capacity, service.area) else {
                continue;
            };
            if !zones.iter().any(|zone| self.zones.contains(zone)) {
                continue;
            }
            let line = self.callers.desk(service.organisation.as_str())?;
            let mut desk = RoutingServiceClient::new(line);
            let request = routing::SetCapacityRequest {
                service_id: service.id.to_string(),
                state: room.state.number(),
                ..Default::default()
            };
            calls.push(async move { bear(desk.set_capacity(request).await) });
        }
        together(calls).await?;
        Ok(())
    }
}
