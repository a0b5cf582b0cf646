use std::sync::Arc;

use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::memory::MemoryStore;
use serde_json::Value;

use crate::fixture::Fixture;

struct Memory(MemoryStore);

impl Fixture for Memory {
    async fn new() -> Self {
        Self(MemoryStore::new())
    }

    fn store(&self) -> Arc<dyn LeaseStore> {
        Arc::new(self.0.clone())
    }

    async fn delete(&self) {
        assert!(self.0.delete(), "there is a Lease to delete");
    }

    async fn set_field(&self, path: &[&str], value: &str) {
        let edited = self.0.set_field(path, value);
        assert!(edited.is_some(), "there is a Lease to edit");
    }

    async fn field(&self, path: &[&str]) -> Value {
        let object = self.0.get().and_then(|lease| lease.object);
        let mut field = object.as_deref();
        for key in path {
            field = field.and_then(|field| field.get(key));
        }
        field.cloned().unwrap_or_default()
    }
}

crate::rules::contract!(Memory);
