//! System tests on the real stack.
