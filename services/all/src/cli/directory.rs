//! `knipperlicht directory` and `knipperlicht capacity`: what partners offer, and what room they
//! have.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use clap::ArgGroup;
use jiff::{Timestamp, civil::Date};
use knipperlicht_contracts::{
    routing::v1::{self as proto, import_services_request::Piece},
    to_proto,
};
use knipperlicht_vocabulary::{CapacityState, OrganisationId, ServiceId, ZoneId};
use tokio_stream::StreamExt;

use super::{
    CliError,
    channel::unary,
    credentials::Person::{Admin, Partner},
    session::{Session, answer, part},
    values::{codes, moment},
    views::{ImportLineView, ImportView, ListingView},
};

/// Bytes of a file in one message: the server takes 64 kB.
const PIECE: usize = 48 * 1024;

/// What can be done with the directory.
#[derive(Debug, clap::Subcommand)]
pub enum DirectoryCommand {
    /// Bring a file of services into the directory: all of it, or nothing
    Import {
        /// The file, HSDS 3 as JSON or CSV; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// In which form it is; by its name if not said
        #[arg(long, value_enum)]
        format: Option<FileForm>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// The file is the whole directory: what it does not hold ended yesterday
        #[arg(long)]
        end_missing: bool,
    },
    /// Write the directory as HSDS 3 JSON
    Export {
        /// The file; standard output if not said
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// List services, with what room they have and how old that is
    #[command(group = ArgGroup::new("whose").required(true).multiple(true).args(["zone", "organisation"]))]
    List {
        /// Those that cover a zone
        #[arg(long, value_name = "ZONE")]
        zone: Option<ZoneId>,
        /// Those of an organisation
        #[arg(long, value_name = "ORGANISATION")]
        organisation: Option<OrganisationId>,
    },
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileForm {
    /// Open Referral HSDS 3, as JSON
    Hsds,
    /// One row a service
    Csv,
}

/// What a partner can say of its room.
#[derive(Debug, clap::Subcommand)]
pub enum CapacityCommand {
    /// Say what room a service has for new people
    Set {
        /// The service
        #[arg(value_name = "SERVICE")]
        service: ServiceId,
        /// What room
        #[arg(value_name = "CAPACITY", value_parser = codes(CapacityState::ALL))]
        state: CapacityState,
        /// The last day it holds for, as 2026-11-21; after 14 days nothing is known in any case
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
        /// When that was said; now if not said
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        stated_at: Option<Timestamp>,
    },
}

/// Runs one about the directory.
pub(crate) async fn run(command: DirectoryCommand, session: &Session) -> Result<(), CliError> {
    match command {
        DirectoryCommand::Import {
            file,
            format,
            dry_run,
            end_missing,
        } => {
            let format = format.or_else(|| form_of(&file)).ok_or_else(|| {
                CliError::Usage(
                    "say in which form the file is: --format hsds or --format csv".to_owned(),
                )
            })?;
            let options = proto::ImportOptions {
                format: match format {
                    FileForm::Hsds => proto::DirectoryFormat::Hsds,
                    FileForm::Csv => proto::DirectoryFormat::Csv,
                }
                .into(),
                dry_run,
                end_missing,
            };
            import(&file, options, session).await
        }
        DirectoryCommand::Export { file } => export(file.as_deref(), session).await,
        DirectoryCommand::List { zone, organisation } => {
            let request = proto::ListServicesRequest {
                zone_id: zone.map(|zone| zone.to_string()).unwrap_or_default(),
                organisation_id: organisation.map(String::from).unwrap_or_default(),
            };
            let mut routing = session.routing(Admin).await?;
            let found = answer(routing.list_services(unary(request))).await?;
            let views: Vec<ListingView> =
                found.services.into_iter().map(ListingView::from).collect();
            session.output.list(&views, "There is no such service.")
        }
    }
}

/// Runs one about room.
pub(crate) async fn run_capacity(
    command: CapacityCommand,
    session: &Session,
) -> Result<(), CliError> {
    let CapacityCommand::Set {
        service,
        state,
        until,
        stated_at,
    } = command;
    let request = proto::SetCapacityRequest {
        service_id: service.into(),
        state: state.number(),
        stated_at: stated_at.map(to_proto),
        until: until.map(|day| day.to_string()).unwrap_or_default(),
    };
    let mut routing = session.routing(Partner).await?;
    let set = answer(routing.set_capacity(unary(request))).await?;
    session
        .output
        .one(&ListingView::from(part(set.service, "service")?))
}

/// In which form a file is, by its name.
fn form_of(file: &Path) -> Option<FileForm> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "json" => Some(FileForm::Hsds),
        "csv" => Some(FileForm::Csv),
        _ => None,
    }
}

async fn import(
    file: &Path,
    options: proto::ImportOptions,
    session: &Session,
) -> Result<(), CliError> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        bytes
    } else {
        fs::read(file).map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?
    };
    let pieces = bytes
        .chunks(PIECE)
        .map(|chunk| Piece::Chunk(chunk.to_vec()));
    let pieces: Vec<proto::ImportServicesRequest> = std::iter::once(Piece::Options(options))
        .chain(pieces)
        .map(|piece| proto::ImportServicesRequest { piece: Some(piece) })
        .collect();
    let mut routing = session.routing(Admin).await?;
    let report = answer(routing.import_services(tokio_stream::iter(pieces))).await?;

    let view = ImportView::new(&report, options.dry_run);
    let lines: Vec<ImportLineView> = report.lines.into_iter().map(ImportLineView::from).collect();
    let wrong = lines.iter().filter(|line| line.wrong).count();
    if session.output.is_json() {
        session.output.one(&view.with(lines))?;
    } else {
        if !lines.is_empty() {
            session.output.list(&lines, "")?;
        }
        session.output.one(&view)?;
    }
    if report.lines_left_out > 0 {
        session
            .output
            .note(&format!("and {} lines more", report.lines_left_out))?;
    }
    if wrong > 0 {
        return Err(CliError::FileRefused(wrong));
    }
    Ok(())
}

async fn export(file: Option<&Path>, session: &Session) -> Result<(), CliError> {
    let mut routing = session.routing(Admin).await?;
    let mut pieces = answer(routing.export_services(proto::ExportServicesRequest {})).await?;
    let mut out: Box<dyn Write + Send> = match file {
        Some(path) => Box::new(
            fs::File::create(path)
                .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?,
        ),
        None => Box::new(io::stdout()),
    };
    while let Some(piece) = pieces.next().await {
        out.write_all(&piece?.chunk)?;
    }
    Ok(out.flush()?)
}
