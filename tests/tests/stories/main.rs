//! What people do with Chiso and what may befall it, through real gRPC, PostgreSQL and NATS.

mod access;
mod broker;
mod campaign;
mod clients;
mod confluence;
mod crash;
mod documents;
mod evidence;
mod garbage;
mod improvement;
mod life;
mod official;
mod program;
mod rebuild;
mod receipt;
mod reorganisation;
mod surveys;
