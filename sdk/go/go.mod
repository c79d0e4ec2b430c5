module github.com/vestibule-auth/vestibule/sdk/go

go 1.25.0
