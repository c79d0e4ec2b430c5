package main

// nginx is the proxy that the example of forward authentication is tried with.
var nginx = service{
	name:     "nginx",
	variable: "VESTIBULE_TEST_NGINX", // NGINX means something to the program itself
	packages: "nginx",
	find: func() string {
		return programNamed([]string{"nginx"}, "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")
	},
}
