//go:build tools

package main

// KubeRay's own tests need it.
import _ "github.com/stretchr/testify/require"
