leasehold once --election shop-migration --key "$VERSION" -- ./migrate
