"""The drill of three hosts: each in namespaces of its own, with Debian's servers on all of them, killed one by one."""
