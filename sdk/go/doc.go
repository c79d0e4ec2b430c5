// Package vestibule protects APIs whose users sign in through a Vestibule server.
package vestibule
