module github.com/vestibule-auth/vestibule/examples

go 1.25.0

// What npm installs may have Go in it.
ignore node_modules

require (
	github.com/vestibule-auth/vestibule/sdk/go v0.0.0
	golang.org/x/term v0.45.0
)

require golang.org/x/sys v0.47.0 // indirect

replace github.com/vestibule-auth/vestibule/sdk/go => ../sdk/go
