// Cheap is a program that is no test and asks for cheap hashes.
package main

import "github.com/vestibule-auth/vestibule/internal/passhash"

func main() { passhash.New(passhash.Options{Cheap: true}) }
