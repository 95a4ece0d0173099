//! A bus as it lives from its start to its crash.

use std::sync::Arc;

use crate::EventBus;
use crate::consumer::Setup;
use crate::error::build::Problem;
use crate::testing::account::TestAccount;
use crate::testing::error::TestError;
use crate::testing::life::Life;
use crate::testing::names::Listener;
use crate::testing::shared::Service;
use crate::testing::transport::TestTransport;
use crate::testing::watched::watched;
use crate::transport::DynTransport;
use crate::wiring::Wired;

/// The bus as it lives now, or lived last.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) bus: EventBus,
    pub(super) life: Arc<Life>,
}

/// A new process.
pub(super) async fn begin(
    account: &TestAccount,
    own_queue: &str,
    wired: &Wired,
    setup: &Setup,
    problems: Vec<Problem>,
) -> Result<Process, TestError> {
    let shared = &account.shared;
    let life = Life::new(own_queue, Arc::clone(&shared.journal));
    let transport = TestTransport {
        inner: shared.memory.queue(own_queue),
        shared: Arc::clone(shared),
        life: Some(Arc::clone(&life)),
    };
    let mut wired = wired.clone();
    let listeners = wired.subscriptions.iter().map(|subscription| Listener::of(subscription.descriptor())).collect();
    wired.subscriptions =
        wired.subscriptions.into_iter().map(|inner| watched(inner, own_queue, shared, &life)).collect();
    let engine = setup.clone().build_wired(DynTransport::new(transport), wired, problems)?;
    let queues: Vec<String> = engine.queues.iter().map(|queue| queue.name.clone()).collect();
    shared.names().add(listeners, &queues);
    let bus = EventBus::over(engine);
    life.lives_as(bus.engine());
    shared.add(Service { life: Arc::clone(&life), queues });
    bus.start().await?;
    Ok(Process { bus, life })
}
